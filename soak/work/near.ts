import { TypeSafeCache } from '../../index.js'
import { Floor } from '../floor'
import { between, pick, type Random } from '../random'
import { valueOf } from '../register'
import { DEADLINE_MS } from '../settings'
import type { Context, Workload } from '../workload'

const OWNED = 6
const COPY_MS = 400
/** A reply on its way, and the copy of it; and what a machine that is busy takes longer for both. */
const BOUND_MS = DEADLINE_MS + COPY_MS + 2000

/** Copies in memory of what one worker writes: who wrote never sees what was before, the others see it for a bounded time. */
export class NearCopies implements Workload {
  readonly weight = 1
  readonly #caches: readonly TypeSafeCache[]
  readonly #all: { floor: Floor; writer: TypeSafeCache }[] = []

  constructor(readonly context: Context) {
    const options = { namespace: `near-${context.run}`, ttl: '7d', near: { ttlMs: COPY_MS } } as const
    this.#caches = context.clients.map(({ redis }) => new TypeSafeCache(redis, options))
  }

  worker(number: number): (random: Random) => Promise<unknown> {
    const writer = this.#caches[number % this.#caches.length]!
    const mine = Array.from({ length: OWNED }, (_, i) => new Floor(`n${number}:${i}`, this.context))
    this.#all.push(...mine.map((floor) => ({ floor, writer })))
    return (random) => {
      if (random() < 0.15) return this.#write(writer, pick(random, mine), random)
      const { floor, writer: his } = pick(random, this.#all)
      return this.#read(pick(random, this.#caches), his, floor)
    }
  }

  async #read(cache: TypeSafeCache, writer: TypeSafeCache, floor: Floor): Promise<void> {
    const least = floor.floor(cache === writer ? 0 : BOUND_MS)
    const { reply = null } = await this.context.judge.run('TypeSafeCache.get, near', () => cache.get(floor.key))
    if (reply !== null) floor.found('TypeSafeCache.get, near', least, reply)
  }

  async #write(cache: TypeSafeCache, floor: Floor, random: Random): Promise<void> {
    const { judge } = this.context
    if (between(random, 1, 4) === 1) {
      const upTo = floor.last
      return floor.invalidated(upTo, await judge.run('TypeSafeCache.delete', () => cache.delete(floor.key)))
    }
    const n = ++floor.last
    floor.wrote(n, await judge.run('TypeSafeCache.set', () => cache.set(floor.key, valueOf(floor.key, n))))
  }
}
