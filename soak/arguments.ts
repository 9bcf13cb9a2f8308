import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'

export const TOPOLOGIES = ['single', 'sentinel', 'cluster'] as const
export type Topology = (typeof TOPOLOGIES)[number]

export interface Arguments {
  minutes: number
  seed: number
  on: readonly Topology[]
  /** How late an answer may be, beside what the machine itself was late, in ms. */
  slackMs: number
}

export const USAGE = `npm run soak -- [--minutes N] [--seed S] [--on ${TOPOLOGIES.join('|')}] [--slack MS]`

export function parse(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' }, on: { type: 'string' }, slack: { type: 'string', default: '100' } },
  })
  const minutes = Number(values.minutes)
  if (!(minutes > 0 && minutes < 100_000)) throw new RangeError(`--minutes must be a positive number, not ${values.minutes}`)
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) throw new RangeError(`--seed must be an integer from 0 to 2^32 - 1, not ${values.seed}`)
  const on = TOPOLOGIES.filter((name) => values.on === undefined || values.on === name)
  if (on.length === 0) throw new RangeError(`--on must be one of ${TOPOLOGIES.join(', ')}, not ${values.on}`)
  const slackMs = Number(values.slack)
  if (!(slackMs >= 0 && slackMs < 100_000)) throw new RangeError(`--slack must be a number of milliseconds, not ${values.slack}`)
  return { minutes, seed, on, slackMs }
}
