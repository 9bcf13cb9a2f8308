import { setTimeout as pause } from 'node:timers/promises'
import { TypeSafeCache } from '../../index.js'
import { now } from '../../__test__/support/noise'
import { DEADLINE_MS, LEASE_MS, WAIT_MS } from '../settings'
import { pick, type Random } from '../random'
import { flawOf, type Value, valueOf } from '../register'
import { type Client, type Context, type Workload } from '../workload'

const KEYS = 12
const FETCH_MS = 10
/** A read; the wait for a lease whose holder lost it, between a question for it, a look and another question; a load; a store. */
const WITHIN_MS = 5 * DEADLINE_MS + WAIT_MS + FETCH_MS + 20

class FetchFailed extends Error {}

/** A key that one client alone loads and deletes: after a deletion only what was loaded later may be found. */
class Loaded {
  fetches = 0
  /** Loads up to here were deleted, and the deletion acknowledged. */
  deleted = 0
  /** Stores that failed in doubt, which may come late: up to which load, and when. */
  doubts: { upTo: number; at: number }[] = []
  /** The last things that happened to it, for whoever has to find out why. */
  readonly #history: string[] = []

  constructor(
    readonly key: string,
    readonly cache: TypeSafeCache,
  ) {}

  note(what: string): void {
    this.#history.push(`${(now() % 100_000).toFixed(1)} ${what}`)
    if (this.#history.length > 40) this.#history.shift()
  }

  get history(): string {
    return this.#history.join('; ')
  }
}

/** `getOrSet` with single flight, fetchers that fail, and deletions in between. */
export class ReadThroughs implements Workload {
  readonly weight = 2
  readonly #loaded: Loaded[]

  constructor(readonly context: Context) {
    this.#loaded = context.clients.flatMap((client) => this.#loadedBy(client))
  }

  #loadedBy({ name, redis }: Client): Loaded[] {
    const byKey = new Map<string, Loaded>()
    const onError = (_: Error, { operation, key }: { operation: string; key: string }) => {
      const loaded = byKey.get(key)!
      loaded.note(`${operation} failed`)
      if (operation === 'set') loaded.doubts.push({ upTo: loaded.fetches, at: now() })
    }
    const cache = new TypeSafeCache(redis, { namespace: `loaded-${this.context.run}-${name}`, ttl: '7d', leaseMs: LEASE_MS, waitMs: WAIT_MS, onError })
    for (let i = 0; i < KEYS; i++) byKey.set(`${name}:${i}`, new Loaded(`${name}:${i}`, cache))
    return [...byKey.values()]
  }

  worker(): (random: Random) => Promise<unknown> {
    return (random) => {
      const loaded = pick(random, this.#loaded)
      return random() < 0.2 ? this.#delete(loaded) : this.#getOrSet(loaded, random)
    }
  }

  async #getOrSet(loaded: Loaded, random: Random): Promise<void> {
    const { judge, violations } = this.context
    const { deleted, doubts } = loaded
    const [begun, waits, fails] = [now(), random() * FETCH_MS, random() < 0.1]
    const fetcher = async () => {
      const n = ++loaded.fetches
      loaded.note(`load ${n} begins`)
      if (waits > 1) await pause(waits)
      if (fails) throw new FetchFailed(loaded.key)
      loaded.note(`load ${n} ends`)
      return valueOf(loaded.key, n)
    }
    const isOwn = (error: unknown) => error instanceof FetchFailed && error.message === loaded.key
    const { outcome, reply } = await judge.run('TypeSafeCache.getOrSet', () => loaded.cache.getOrSet(loaded.key, fetcher), { deadlineMs: WITHIN_MS, isOwn })
    if (outcome !== 'acknowledged') return violations.report('getOrSet rejected with an error of the cache')
    if (reply === undefined) return
    const flaw = flawOf(loaded.key, reply)
    if (flaw !== undefined) return violations.report(`getOrSet: ${flaw}`)
    const { n } = reply as Value
    if (n > loaded.fetches) violations.report(`getOrSet of ${loaded.key} found load ${n} of ${loaded.fetches}`)
    loaded.note(`found ${n}, begun ${((now() - begun)).toFixed(1)} ms ago`)
    const isDoubtful = [...doubts, ...loaded.doubts].some(({ upTo }) => n <= upTo)
    if (n <= deleted && !isDoubtful) {
      violations.suspect(`getOrSet of ${loaded.key} found load ${n} after all up to ${deleted} had been deleted; ms: ${loaded.history}`)
    }
  }

  async #delete(loaded: Loaded): Promise<void> {
    const upTo = loaded.fetches
    const { outcome, begun } = await this.context.judge.run('TypeSafeCache.delete', () => loaded.cache.delete(loaded.key))
    const risk = this.context.risk.touches(begun)
    loaded.note(`deletion of all up to ${upTo} ${outcome}, begun ${(now() - begun).toFixed(1)} ms ago${risk === 'not' ? '' : ', at risk'}`)
    if (outcome !== 'acknowledged' || risk !== 'not') return
    loaded.deleted = Math.max(loaded.deleted, upTo)
    loaded.doubts = loaded.doubts.filter(({ at }) => !this.context.calm.liesBetween(at, begun))
  }
}
