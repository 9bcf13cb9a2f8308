import { setTimeout as pause } from 'node:timers/promises'
import { TypeSafeCache } from '../../index.js'
import { Floor } from '../floor'
import { pick, type Random } from '../random'
import { valueOf } from '../register'
import { DEADLINE_MS, LEASE_MS, WAIT_MS } from '../settings'
import type { Context, Workload } from '../workload'

const KEYS = 10
const FETCH_MS = 20
/** Soon stale, so that most reads are answered at once while somebody loads. */
const LIVES = { ttl: '100ms', staleTtl: '7d' } as const
/** A read; the wait for the lease of another, between a question for it, a look and another question; a load; a store. */
const WITHIN_MS = 5 * DEADLINE_MS + WAIT_MS + FETCH_MS

class FetchFailed extends Error {}

/** `getOrSet` of the same keys by all clients: one load in the fleet, stale values meanwhile, and deletions in between. */
export class Leases implements Workload {
  readonly weight = 2
  readonly #caches: readonly TypeSafeCache[]
  readonly #keys: readonly Floor[]
  /** Who deletes a key waits for who did before. */
  readonly #deletions = new Map<Floor, Promise<void>>()

  constructor(readonly context: Context) {
    const { clients, run } = context
    const options = { namespace: `leases-${run}`, leaseMs: LEASE_MS, waitMs: WAIT_MS, refreshThrottleMs: 50 }
    this.#caches = clients.map(({ redis }) => new TypeSafeCache(redis, options))
    this.#keys = Array.from({ length: KEYS }, (_, i) => new Floor(`l${i}`, context))
  }

  worker(): (random: Random) => Promise<unknown> {
    return (random) => {
      const [cache, floor] = [pick(random, this.#caches), pick(random, this.#keys)]
      return random() < 0.15 ? this.#delete(cache, floor) : this.#getOrSet(cache, floor, random)
    }
  }

  async #getOrSet(cache: TypeSafeCache, floor: Floor, random: Random): Promise<void> {
    const { judge, violations } = this.context
    const [least, waits, fails] = [floor.floor(), random() * FETCH_MS, random() < 0.1]
    const fetcher = async () => {
      const n = ++floor.last
      if (waits > 1) await pause(waits)
      if (fails) throw new FetchFailed(floor.key)
      return valueOf(floor.key, n)
    }
    const what = 'TypeSafeCache.getOrSet, stale'
    const isOwn = (error: unknown) => error instanceof FetchFailed && error.message === floor.key
    const { outcome, reply } = await judge.run(what, () => cache.getOrSet(floor.key, fetcher, random() < 0.7 ? LIVES : { ttl: '7d' }), { deadlineMs: WITHIN_MS, isOwn })
    if (outcome !== 'acknowledged') violations.report(`${what} rejected with an error of the cache`)
    else if (reply !== undefined) floor.found(what, least, reply)
  }

  #delete(cache: TypeSafeCache, floor: Floor): Promise<void> {
    const deleting = (this.#deletions.get(floor) ?? Promise.resolve()).then(async () => {
      const upTo = floor.last
      floor.invalidated(upTo, await this.context.judge.run('TypeSafeCache.delete', () => cache.delete(floor.key)))
    })
    this.#deletions.set(floor, deleting)
    return deleting
  }
}
