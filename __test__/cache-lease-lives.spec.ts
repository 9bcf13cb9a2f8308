import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { CacheManager, TypeSafeCache, type Redis } from '../index.js'
import { onEveryBackend } from './support/backends'
import { randoms } from './support/bridge-random'
import { fresh } from './support/cache-tools'
import { seed } from './support/seed'
import { askAllBehind } from './support/servers-behind'
import { until } from './support/until'

onEveryBackend('whatever is done', (backend) => {
  let clients: Redis[]
  before(async () => void (clients = [backend.redis, await backend.connect(), await backend.connect()]))

  const KEYS = Array.from({ length: 12 }, (_, i) => `k${i}`)
  const TAGS = ['a', 'b', 'c']
  // In js-redis-server time goes on within a script: a key that ends in one which writes a part of it is there for ever. No server does that.
  const LIVES = backend.real ? [0, 1, 60, '5ms', '1h'] : [0, 60, '1h']
  const STALE_LIVES = backend.real ? [undefined, 0, 30, '5ms'] : [undefined, 0, 30]
  const LEASES = backend.real ? [20, 10_000] : [60_000]

  /** One operation, chosen by `random`, through one of the clients. */
  function operation(prefix: string, random: () => number): Promise<unknown> {
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
    const some = <T>(list: readonly T[]): T[] => list.filter(() => random() < 0.4)
    const redis = pick(clients)
    const options = { prefix, leaseMs: pick(LEASES), waitMs: pick([0, 5, 100]), jitter: pick([0, 0.5]), compress: pick([false, { fromBytes: 1 }]) }
    const cache = new TypeSafeCache(redis, options)
    const manager = new CacheManager(redis, options)
    const value = pick<any>([1, null, 'text', { a: 1 }, new Uint8Array([1]), 'x'.repeat(200)])
    const tags = pick([undefined, TAGS, some(TAGS), () => ['a']])
    const listed = Array.isArray(tags) ? tags : undefined
    const life = { ttl: pick(LIVES), staleTtl: pick(STALE_LIVES) } as { ttl: number; staleTtl?: number }
    const load = pick<any>([() => value, () => undefined, () => Promise.reject(new Error('load')), async () => (await cache.get('k0'), value)])
    const how = {
      ...life, tags, forceFresh: random() < 0.2, lease: random() < 0.8, negativeTtl: pick([undefined, 0, backend.real ? 5 : 60]),
      refreshThrottleMs: pick([0, 5, 10_000]), earlyRefresh: pick([false, 100]), softTimeoutMs: pick([0, 1]), hardTimeoutMs: pick([0, 1, 60_000]),
    }
    const key = pick(KEYS)
    const keys = some(KEYS)
    const many = async (missing: string[]) => new Map(some(missing).map((one) => [one, value]))
    const mode = pick(['delete', 'expire'] as const)
    const work: (() => Promise<unknown>)[] = [
      () => cache.set(key, value, { ...life, tags: listed }),
      () => cache.setMany(keys.map((one) => [one, value]), { ...life, tags: listed }),
      () => cache.getOrSet(key, load, how),
      () => cache.getOrSet(key, load, how),
      () => cache.getOrSet(key, load, how),
      () => cache.getOrSetMany(keys, many, how),
      () => cache.getOrSetMany(keys, load, how),
      () => cache.del(key),
      () => cache.deleteMany(keys.slice(0, 2)),
      () => cache.deletePattern('k1*'),
      () => manager.invalidateByTag(pick(TAGS), { mode }),
      () => manager.invalidateByTags(some(TAGS), { mode, match: pick(['any', 'all'] as const) }),
    ]
    return pick(work)().catch((error) => {
      if (error.message !== 'load' && error.code !== 'ERR_LOAD_TIMEOUT' && !/must give a Map/.test(error.message)) throw error
    })
  }

  test('no key is without an end, as nobody asked for one', async () => {
    const prefix = fresh('lives')
    const random = randoms(seed)
    for (let round = 0; round < 60; round++) {
      await Promise.all(Array.from({ length: 12 }, () => operation(prefix, random)))
    }
    // What is not waited for (a refresh, a lease that is given back) has left by then.
    await Promise.all(clients.map((redis) => redis.ping()))
    const keys = (await askAllBehind(backend.redis, 'KEYS', `*${prefix}*`)).flat()
    assert.ok(keys.length > 0)
    for (const key of keys) {
      const left = await backend.redis.command<number>('PTTL', key)
      assert.notEqual(left, -1, `${key.slice(key.indexOf(':'))} has no end`)
      assert.ok(left <= 86_400_000, `${key.slice(key.indexOf(':'))} lives ${left} ms`)
    }
  })

  test('after it, the cache serves as ever', async () => {
    const prefix = fresh('lives')
    const random = randoms(seed + 1)
    for (let round = 0; round < 10; round++) await Promise.all(Array.from({ length: 20 }, () => operation(prefix, random)))
    for (const [i, redis] of clients.entries()) {
      const cache = new TypeSafeCache(redis, { prefix })
      for (const key of KEYS) {
        // A refresh that nobody waited for may still be under way, and take the lease over.
        await until('it is stored', async () => {
          assert.equal(await cache.getOrSet(key, () => `new ${i}`, { forceFresh: true }), `new ${i}`)
          return (await cache.get(key)) === `new ${i}`
        })
      }
    }
  })
})
