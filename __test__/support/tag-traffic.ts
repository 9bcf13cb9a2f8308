import assert from 'node:assert/strict'
import { CacheManager, type Redis, RedisRepository, TypeSafeCache } from '../../index.js'
import { randoms } from './bridge-random'

/** A value: what the source said of it at which version. */
interface Value {
  key: string
  version: number
}

const KEYS = 12
const TAGS = ['red', '{blue}', 'a b', '😀']

/** A source of truth that changes, and caches of several clients before it, whose entries are invalidated by tags when it does. */
export class TagTraffic {
  readonly #caches: { cache: TypeSafeCache; pages: CacheManager; users: RedisRepository<Value> }[]
  readonly #random: () => number
  /** What each key is in the source now. */
  readonly #versions = new Map<string, number>()
  /** The least version that a reader may be given as fresh, of each key, since an invalidation of it has ended. */
  readonly #least = new Map<string, number>()
  #storing = 0
  #changing = 0
  readonly counts = { reads: 0, hits: 0, loads: 0, invalidations: 0 }

  constructor(clients: readonly Redis[], prefix: string, seed: number) {
    this.#random = randoms(seed)
    this.#caches = clients.map((redis) => ({
      cache: new TypeSafeCache(redis, { prefix, namespace: 'ns', ttl: '1h', leaseMs: '30s' }),
      pages: new CacheManager(redis, { prefix, namespace: 'ns', ttl: '1h', staleTtl: 60, leaseMs: '30s' }),
      users: new RedisRepository<Value>(redis, 'ns', { prefix, ttl: '1h', tags: ({ key }) => tagsOf(key) }),
    }))
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  async work(operations: number): Promise<void> {
    for (let left = operations; left > 0; left--) await this.#one()
  }

  async #one(): Promise<void> {
    const { cache, pages, users } = this.#caches[this.#below(this.#caches.length)]!
    const key = `k${this.#below(KEYS)}`
    const what = this.#below(20)
    if (what < 3) return this.#change(pages)
    if (what === 3) return this.#store(key, users)
    if (what === 4) return cache.del(key)
    const least = this.#least.get(key) ?? 0
    const load = () => this.#load(key)
    const value = await (what < 9 ? cache.get<Value>(key)
      : what < 11 ? users.get(key)
      : what < 14 ? cache.getOrSet<Value>(key, load, { tags: tagsOf(key), forceFresh: what === 11 })
      : what < 16 ? pages.getOrSet<Value>(key, load, { tags: (value) => tagsOf(value.key) })
      : cache.getOrSetMany<Value>([key], async () => new Map([[key, await load()]]), { tags: tagsOf(key) }).then((values) => values.get(key)!))
    this.counts.reads++
    if (value === null) return
    this.counts.hits++
    assert.equal(value.key, key)
    assert.ok(value.version >= least, `${key} was invalidated below ${least}, and ${value.version} was read`)
  }

  #now(key: string): Value {
    return { key, version: this.#versions.get(key) ?? 0 }
  }

  /** Only while nothing is invalidated: of two that come at once, a plain store may be the later one. */
  async #store(key: string, users: RedisRepository<Value>): Promise<void> {
    if (this.#changing > 0) return
    this.#storing++
    await users.set(key, this.#now(key))
    this.#storing--
  }

  async #load(key: string): Promise<Value> {
    this.counts.loads++
    const value = this.#now(key)
    for (let turns = this.#below(4); turns > 0; turns--) await new Promise(setImmediate)
    return value
  }

  /** The source changes, and what is stored of it is invalidated: by one tag, any of two, or all of those that one key has. */
  async #change(pages: CacheManager): Promise<void> {
    this.counts.invalidations++
    if (this.#storing > 0) return
    this.#changing++
    const how = this.#below(3)
    const key = `k${this.#below(KEYS)}`
    const tags = how === 2 ? tagsOf(key) : TAGS.filter((_, i) => i === this.#below(4) || i === how)
    const concerned = Array.from({ length: KEYS }, (_, i) => `k${i}`).filter((key) => {
      const own = tagsOf(key)
      return how === 2 ? tags.every((tag) => own.includes(tag)) : tags.some((tag) => own.includes(tag))
    })
    const versions = concerned.map((key) => {
      const version = (this.#versions.get(key) ?? 0) + 1
      this.#versions.set(key, version)
      return version
    })
    await pages.invalidateByTags(tags, { match: how === 2 ? 'all' : 'any', mode: this.#below(2) ? 'delete' : 'expire' })
    this.#changing--
    for (const [i, key] of concerned.entries()) this.#least.set(key, Math.max(this.#least.get(key) ?? 0, versions[i]!))
  }
}

/** Which tags a key has: two or three, its own among them. */
function tagsOf(key: string): string[] {
  const number = Number(key.slice(1))
  return [TAGS[number % TAGS.length]!, TAGS[(number >> 1) % TAGS.length]!, `of ${key}`].filter((tag, i, all) => all.indexOf(tag) === i)
}
