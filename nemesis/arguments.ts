import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { type MakeName, MAKES, OURS } from './locks/all'
import { WORLD_NAMES, type WorldName } from './worlds/all'

export interface Arguments {
  minutes: number
  seed: number
  worlds: readonly WorldName[]
  /** Each has faults of its own; a long run has several. */
  round: number
  /** Parts of the names of the faults that may happen; all without any. */
  faults: readonly string[]
  lock: MakeName
  /** Where to draw what happened. */
  picture?: string | undefined
}

export const USAGE = `npm run nemesis -- [--minutes N] [--seed S] [--world ${WORLD_NAMES.join('|')}]… [--round N] [--fault PART-OF-ITS-NAME]… [--lock ${Object.keys(MAKES).join('|')}] [--picture FILE.svg]`

const OPTIONS = {
  minutes: { type: 'string', default: '1' },
  seed: { type: 'string' },
  world: { type: 'string', multiple: true },
  round: { type: 'string', default: '1' },
  fault: { type: 'string', multiple: true },
  lock: { type: 'string', default: OURS as string },
  picture: { type: 'string' },
} as const

export function parse(args: readonly string[]): Arguments {
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  const minutes = Number(values.minutes)
  if (!(minutes > 0 && minutes < 100_000)) throw new RangeError(`--minutes must be a positive number, not ${values.minutes}`)
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) throw new RangeError(`--seed must be an integer from 0 to 2^32 - 1, not ${values.seed}`)
  const round = Number(values.round)
  if (!(Number.isInteger(round) && round > 0)) throw new RangeError(`--round must be a positive integer, not ${values.round}`)
  const { world = WORLD_NAMES, fault = [], lock, picture } = values
  const strange = world.find((name) => !WORLD_NAMES.includes(name as WorldName))
  if (strange !== undefined) throw new RangeError(`--world must be one of ${WORLD_NAMES.join(', ')}, not ${strange}`)
  if (!(lock in MAKES)) throw new RangeError(`--lock must be one of ${Object.keys(MAKES).join(', ')}, not ${lock}`)
  return { minutes, seed, worlds: WORLD_NAMES.filter((name) => world.includes(name)), round, faults: fault, lock: lock as MakeName, picture }
}

/** The command for the same faults in one world. */
export function again({ minutes, seed, faults, lock }: Arguments, world: WorldName, round: number): string {
  const rest = [round === 1 ? '' : ` --round ${round}`, ...faults.map((part) => ` --fault '${part}'`), lock === OURS ? '' : ` --lock ${lock}`]
  return `npm run nemesis -- --minutes ${minutes} --seed ${seed} --world ${world}${rest.join('')}`
}
