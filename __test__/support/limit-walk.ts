import assert from 'node:assert/strict'
import type { Redis } from '../../index.js'
import { randoms } from './bridge-random'
import type { ModelPolicy } from './limit-kinds'
import { Model, type Named } from './limit-model'
import { driver, given, outcomes, type LimitScripts, type Step } from './limit-scripts'

type Random = () => number

/** What a walk may meet. */
export interface Terrain {
  policy(random: Random): ModelPolicy
  /** The longest pause between two steps, in ms. */
  pauseMs: number
  /** The most units of a call. */
  most: number
}

const below = (random: Random, end: number) => Math.floor(random() * end)
export const oneOf = <T>(random: Random, all: readonly T[]): T => all[below(random, all.length)]!

function lowest(a: bigint, b: bigint): bigint {
  return b === 0n ? a : lowest(b, a % b)
}

/** `units` a `period` in ms, and `burst` at once. */
export function drained(units: number, period: number, burst: number): ModelPolicy {
  const shared = lowest(BigInt(period), BigInt(units))
  return { kind: 3, limit: BigInt(burst), span: BigInt(period) / shared, rate: BigInt(units) / shared }
}

export const SMALL: Terrain = {
  pauseMs: 400,
  most: 6,
  policy(random) {
    const limit = oneOf(random, [0, 1, 2, 3, 5, 8, 40])
    const kind = below(random, 4) as ModelPolicy['kind']
    if (kind === 3) return drained(1 + below(random, 12), oneOf(random, [10, 100, 1000, 1001]), limit)
    return { kind, limit: BigInt(limit), span: BigInt(oneOf(random, [1, 2, 7, 50, 999, 1000, 5000])), rate: 1n }
  },
}

/** As large as the arithmetic of the scripts is exact: `limit` times `period` in ms up to 2⁵³. */
export const LARGE: Terrain = {
  pauseMs: 3_600_000,
  most: 2 ** 20,
  policy(random) {
    const limit = oneOf(random, [2 ** 20, 1_000_003, 2 ** 26])
    const kind = below(random, 4) as ModelPolicy['kind']
    if (kind === 3) return drained(1 + below(random, 2 ** 20), oneOf(random, [1000, 86_400_000]), limit)
    return { kind, limit: BigInt(limit), span: BigInt(oneOf(random, [60_000, 3_600_000, 86_400_000])), rate: 1n }
  },
}

const BEGIN = 1_790_000_000_123

interface Asked {
  policies: readonly Named[]
  costs: readonly bigint[]
}

/** The reply to a decision, with all numbers for each caller, as the other scripts have it. */
function inFull(reply: string, groups: readonly Asked[]): string {
  const numbers = reply.split(' ')
  const isNumber = ({ policies }: Asked) => policies.length === 1 && (policies[0]!.policy.kind === 0 || policies[0]!.policy.kind === 3)
  const short = numbers.splice(0, 2 * groups.filter(isNumber).length)
  const told = groups.flatMap((group) => {
    const [left, reset] = isNumber(group) ? short.splice(0, 2) : []
    if (left !== undefined && left !== '-1') return ['1', left, '0', reset!]
    return numbers.splice(0, (1 + 3 * group.policies.length) * group.costs.length)
  })
  return [...told, ...numbers].join(' ')
}

interface Expected {
  /** What is asked for, where that is a decision. */
  groups?: readonly Asked[]
  reply: string
  /** Whether nothing may have been written. */
  quiet: boolean
}

/** A walk of so many steps: the calls, and what the model answers to each. */
function walk(seed: number, count: number, { policy, pauseMs, most }: Terrain) {
  const random = randoms(seed)
  const model = new Model(BigInt(BEGIN))
  const keys = ['a', 'b', 'c'].map((id) => `walk${seed}:{${id}}`)
  const pool: Named[] = Array.from({ length: 4 }, (_, i) => ({ name: `p${i}`, policy: policy(random) }))
  // A limit may differ from call to call.
  const varied = ({ name, policy: one }: Named): Named => (random() < 0.8 ? { name, policy: one } : { name, policy: { ...one, limit: BigInt(below(random, 2 * most)) } })
  const some = () => pool.filter(() => random() < 0.4).map(varied)
  const set = () => {
    const named = some()
    return named.length > 0 ? named : [varied(oneOf(random, pool))]
  }
  const numbers = (policies: readonly Named[]) => [
    String(policies.length),
    ...policies.flatMap(({ policy: { kind, limit, span, rate } }) => [String(kind), String(limit), String(span), String(rate)]),
  ]
  const units = () => 1 + below(random, most)
  const steps: Step[] = []
  const expected: Expected[] = []
  while (steps.length < count) {
    // Mostly in the same ms or soon after; sometimes exactly when something is told to be over.
    const told = random() < 0.3 ? Number(oneOf(random, expected.at(-1)?.reply.split(' ').slice(1) ?? ['0'])) : 0
    const isTime = told > 1 && told < 20_000
    const ms = isTime ? told - below(random, 2) : random() < 0.4 ? 0 : below(random, random() < 0.9 ? 1 + pauseMs / 10 : pauseMs * 10)
    model.now += BigInt(ms)
    const dice = random()
    const key = oneOf(random, keys)
    const policies = set()
    const counted = policies.map(({ name }) => `${key}:${name}`)
    if (dice < 0.03) {
      const block = 1 + below(random, pauseMs)
      steps.push({ ms, script: 'block', keys: [`${key}:block`], args: [String(block)] })
      expected.push({ reply: model.block(key, BigInt(block)), quiet: false })
    } else if (dice < 0.12) {
      const signed = random() < 0.6 ? -units() : units()
      steps.push({ ms, script: 'apply', keys: [`${key}:block`, ...counted], args: [String(signed), ...numbers(policies)] })
      expected.push({ reply: model.apply(key, policies, BigInt(signed)), quiet: false })
    } else if (dice < 0.3) {
      // The policies of a reservation are those of its id.
      const id = String(below(random, 4))
      const fixed = [pool[Number(id) % 4]!, pool[(Number(id) + 1) % 4]!]
      const at = fixed.map(({ name }) => `${keys[0]}:${name}`)
      const reservation = `${keys[0]}:reserved:${id}`
      if (random() < 0.5) {
        const cost = units()
        const lease = 1 + below(random, pauseMs * 50)
        steps.push({ ms, script: 'reserve', keys: [reservation, `${keys[0]}:block`, ...at], args: [String(cost), String(lease), ...numbers(fixed)] })
        expected.push({ reply: model.reserve(keys[0]!, id, fixed, BigInt(cost), BigInt(lease)), quiet: false })
      } else {
        const actual = below(random, most)
        steps.push({ ms, script: 'settle', keys: [reservation, ...at], args: [String(actual), ...numbers(fixed)] })
        expected.push({ reply: model.settle(keys[0]!, id, fixed, BigInt(actual)), quiet: false })
      }
    } else {
      const sets = random() < 0.8 ? [policies] : [policies, set()]
      const groups = sets.flatMap((of) =>
        keys
          .filter(() => random() < 0.5)
          .map((one) => ({ key: one, policies: of, costs: Array.from({ length: 1 + (random() < 0.7 ? 0 : below(random, 4)) }, () => BigInt(random() < 0.85 ? units() : -units())) })),
      )
      const asked = sets.map((of) => groups.filter(({ policies }) => policies === of)).filter(({ length }) => length > 0)
      const args = asked.flatMap((mine) => {
        const costs = mine.map(({ costs }) => costs.join(','))
        return [...numbers(mine[0]!.policies), String(mine.length), ...(new Set(costs).size === 1 ? costs.slice(0, 1) : ['', ...costs])]
      })
      if (groups.length === 0) {
        model.now -= BigInt(ms)
        continue
      }
      const at = groups.flatMap((group) => [`${group.key}:block`, ...group.policies.map(({ name }) => `${group.key}:${name}`)])
      steps.push({ ms, script: 'decide', keys: at, args: [String(asked.length), ...args] })
      const { reply, took } = model.decide(groups)
      expected.push({ groups, reply, quiet: !took })
    }
  }
  return { steps, expected }
}

/** Walks, and holds every answer against the model's. With `hasIncrex` on a server that counts within a bound by itself. */
export async function assertWalk(redis: Redis, scripts: LimitScripts, seed: number, count: number, terrain: Terrain, hasIncrex = false): Promise<void> {
  const { steps, expected } = walk(seed, count, terrain)
  const reply = await redis.command('EVAL', driver(scripts), '0', ...given(BEGIN, hasIncrex, steps))
  outcomes(String(reply)).forEach((outcome, i) => {
    const where = () => `seed ${seed}, step ${i}: ${JSON.stringify(steps[i])}`
    const { groups, reply, quiet } = expected[i]!
    assert.equal(groups === undefined ? outcome.reply : inFull(outcome.reply, groups), reply, where())
    assert.equal(outcome.immortal, 0, `a key without a TTL, ${where()}`)
    if (quiet) assert.equal(outcome.writes, 0, `something was written, ${where()}`)
  })
}
