import { setTimeout as pause } from 'node:timers/promises'
import { CacheManager, type CacheOptions, type Redis, RedwrightError, TypeSafeCache } from '../../index.js'
import { between, pick, type Random } from '../../soak/random'
import { until } from './until'

const TAGS = ['vowels', 'consonants']
/** What is stored under a key always carries its tags: an invalidation by tags takes nothing else. */
const TAGS_OF: Readonly<Record<string, readonly string[]>> = { a: ['vowels'], e: ['vowels'], b: ['consonants'], c: ['consonants'], '1': [], '2': [] }
const KEYS = Object.keys(TAGS_OF)
const keysOf = (tag: string) => KEYS.filter((key) => TAGS_OF[key]!.includes(tag))
/** Short, so that stale values are many. */
const STALE = { ttl: '20ms', staleTtl: '1h' } as const
const LOAD_MS = 15

/** A key, and what is known of it. */
interface Known {
  /** What the source says now: what is loaded is older than what is loaded later. */
  source: number
  /** No read that begins now may give less. */
  floor: number
  /** Written by whom nobody knows whether he has: they may come at any time. */
  doubtful: Set<number>
}

/** What one client reads and writes. */
export interface Reader {
  redis: Redis
  cache: TypeSafeCache
  manager: CacheManager
}

/** Loads, writes and invalidations at random, each read held against what was acknowledged before it began. */
export class Oracle {
  readonly violations: string[] = []
  readonly errors = new Map<string, number>()
  acknowledged = 0
  readonly readers: readonly Reader[]
  readonly #known = new Map(KEYS.map((key): [string, Known] => [key, { source: 1, floor: 0, doubtful: new Set() }]))
  /** Writes come one after another: of two at once nobody knows the order. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(clients: readonly Redis[], options: CacheOptions, nearOf?: number) {
    this.readers = clients.map((redis, i) => {
      const own = i === nearOf ? { ...options, near: { ttlMs: '5s' } as const } : options
      return { redis, cache: new TypeSafeCache(redis, own), manager: new CacheManager(redis, options) }
    })
  }

  #fail(error: unknown): void {
    const code = error instanceof RedwrightError ? error.code : String(error)
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1)
    if (!/^ERR_(TIMEOUT|UNAVAILABLE|AUTH|SERVER)$/.test(code)) this.violations.push(`an error that was not to be expected: ${code}`)
  }

  async #load(random: Random, key: string): Promise<number> {
    const value = this.#known.get(key)!.source
    if (random() < 0.7) await pause(random() * LOAD_MS)
    return value
  }

  /** One read. `judged`: whether a copy in memory may not be old, which only who wrote can say. */
  async read(random: Random, reader: Reader, judged = true): Promise<void> {
    const key = pick(random, KEYS)
    const known = this.#known.get(key)!
    const { floor } = known
    const { cache } = reader
    const chance = random()
    const load = () => this.#load(random, key)
    const tags = TAGS_OF[key]!
    const [what, value] = await (
      chance < 0.5 ? this.#told('getOrSet', cache.getOrSet(key, load, { tags }))
      : chance < 0.7 ? this.#told('getOrSet with a stale life', cache.getOrSet(key, load, { ...STALE, tags }))
      : chance < 0.8 ? this.#told('get', cache.get<number>(key))
      : this.#told('getOrSetMany', cache.getOrSetMany([key], async ([missing]) => new Map([[missing!, await load()]]), { tags }).then((values) => values.get(key)))
    )
    if (!judged || value === null || value === undefined || value >= floor || known.doubtful.has(value)) return
    this.violations.push(`${what} of ${key} gave ${value} after ${floor} had been acknowledged`)
  }

  async #told<T>(what: string, reading: Promise<T>): Promise<[string, T | undefined]> {
    try {
      return [what, await reading]
    } catch (error) {
      this.#fail(error)
      if (what !== 'get') this.violations.push(`${what} rejected: ${error}`)
      return [what, undefined]
    }
  }

  /** One write or invalidation, behind those that are under way. */
  write(random: Random, reader: Reader): Promise<void> {
    const writing = this.#last.then(() => this.#write(random, reader))
    this.#last = writing
    return writing
  }

  async #write(random: Random, { cache, manager }: Reader): Promise<void> {
    const chance = random()
    const key = pick(random, KEYS)
    const tag = pick(random, TAGS)
    if (chance < 0.25) return this.#acknowledge([key], () => cache.del(key))
    if (chance < 0.5) return this.#acknowledge(keysOf(tag), () => manager.invalidateByTag(tag, { mode: random() < 0.5 ? 'delete' : 'expire' }))
    if (chance < 0.6) return this.#acknowledge(TAGS.flatMap(keysOf), () => manager.invalidateByTags(TAGS))
    if (chance < 0.7) return this.#acknowledge(KEYS, () => cache.clear())
    const value = this.#known.get(key)!.source + 1
    await this.#acknowledge([key], () => cache.set(key, value, { ttl: '1h', tags: TAGS_OF[key]! }), value)
  }

  async #acknowledge(keys: readonly string[], invalidate: () => Promise<unknown>, written?: number): Promise<void> {
    const changed = keys.map((key) => this.#known.get(key)!)
    const values = changed.map((known) => ++known.source)
    try {
      await invalidate()
      this.acknowledged++
      for (const [i, known] of changed.entries()) known.floor = values[i]!
    } catch (error) {
      this.#fail(error)
      if (written !== undefined && (error as RedwrightError).maybeExecuted) changed[0]!.doubtful.add(written)
    }
  }

  /** Until every client has writes acknowledged again, and reads of all of them give what is true. */
  async settles(random: Random): Promise<void> {
    for (const reader of this.readers) {
      const before = this.acknowledged
      await until('a client writes again', async () => (await this.write(random, reader), this.acknowledged > before))
    }
    for (const { cache } of this.readers) {
      for (const [key, { floor, doubtful }] of this.#known) {
        await until('a client reads what is true', async () => {
          const value = (await cache.get<number>(key).catch(() => -1)) ?? floor
          return value >= floor || doubtful.has(value)
        })
      }
    }
  }
}

/** How long a worker rests. */
export const rest = (random: Random) => pause(between(random, 0, 3))
