import { setTimeout as pause } from 'node:timers/promises'
import { RateLimiter, type RateLimitAlgorithm, type RateLimiterOptions, type RateLimitPolicy, type RateLimitResult, type Redis } from '../../index.js'
import { fresh } from './cache-tools'
import { askAllBehind } from './servers-behind'
import { until } from './until'

/** How each algorithm's keys end. */
const LETTERS: Record<RateLimitAlgorithm, string> = { fixedWindow: 'f', slidingWindow: 'w', slidingCounter: 'c', gcra: 'g', tokenBucket: 'b' }
export const ALGORITHMS = Object.keys(LETTERS) as RateLimitAlgorithm[]

/** A limiter whose keys no other test has, and which waits for Redis on the slowest machine too. */
export function limiter(redis: Redis, options?: RateLimiterOptions): RateLimiter & { prefix: string } {
  const given = { prefix: fresh('limit'), timeoutMs: '30s', ...options } as const
  return Object.assign(new RateLimiter(redis, given), { prefix: given.prefix })
}

/** A policy that nothing comes back of while a test runs. */
export function policy(algorithm: RateLimitAlgorithm, limit: number, rest: Partial<RateLimitPolicy> = {}): RateLimitPolicy {
  return { algorithm, limit, period: '30d', name: 'test', ...rest }
}

/** The key of an id without braces under `policy`. */
export function keyOf({ prefix }: { prefix: string }, id: string, algorithm: RateLimitAlgorithm, name = 'test'): string {
  return `${prefix}:{${id}}:${LETTERS[algorithm]}:${name}`
}

/** Waits until so many ms have passed. */
export async function passed(ms: number): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; ) await pause(Math.max(1, end - performance.now()))
}

/** Asks until it is refused, as it is in the end where a window ends in between. */
export async function refused<R extends RateLimitResult>(ask: () => Promise<R>): Promise<R> {
  let result!: R
  await until('it is refused', async () => !(result = await ask()).allowed)
  return result
}

/** The server's clock, in ms. */
export async function serverNow(redis: Redis): Promise<number> {
  const [[seconds, micros]] = (await askAllBehind(redis, 'TIME')) as unknown as [[string, string]]
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
}

/** All keys that a limiter has made, wherever they are. */
export async function keysOf(redis: Redis, { prefix }: { prefix: string }): Promise<string[]> {
  const each = (await askAllBehind(redis, 'KEYS', '*')) as unknown as string[][]
  return each.flat().map(String).filter((key) => key.startsWith(`${prefix}:`))
}

/** How many of the results were allowed. */
export const allowedOf = (results: readonly RateLimitResult[]) => results.filter(({ allowed }) => allowed).length
