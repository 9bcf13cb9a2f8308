import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CacheManager, Redis, TypeSafeCache } from '../index.js'
import type { TestServer } from '../testing.js'
import { onEveryBackend } from './support/backends'
import { deferred, fresh, sentBy, warm } from './support/cache-tools'
import { realServer } from './support/servers'
import { until } from './support/until'

const OFTEN = 30

/** From now on the cache expects to find nothing. */
async function missOften(cache: TypeSafeCache): Promise<void> {
  for (let i = 0; i < OFTEN; i++) await cache.getOrSet(`missed ${i} ${fresh()}`, () => i)
}

describe('a cache that mostly misses', () => {
  let server: TestServer
  let redis: Redis
  let cache: TypeSafeCache
  before(async () => {
    server = await realServer()
    redis = await Redis.connect(server.url)
    cache = new TypeSafeCache(redis, { namespace: fresh() })
    await warm(redis)
  })
  after(async () => {
    await redis.close()
    await server.stop()
  })

  test('asks for the right to load at once, and goes back to reading when it hits again', async () => {
    assert.deepEqual(await sentBy(redis, () => cache.getOrSet('a', () => 1)), { get: 1, evalsha: 2, getrange: 1, set: 2 })
    await missOften(cache)
    assert.deepEqual(await sentBy(redis, () => cache.getOrSet('b', () => 2)), { evalsha: 2, getrange: 1, set: 2 })
    for (let i = 0; i < OFTEN; i++) assert.equal(await cache.getOrSet('b', () => assert.fail()), 2)
    assert.deepEqual(await sentBy(redis, () => cache.getOrSet('b', () => 2)), { get: 1 })
  })

  test('gives what is there also where the server takes no writes', async () => {
    const full = new TypeSafeCache(redis, { namespace: fresh(), onError: () => {} })
    await full.set('k', 'v')
    await missOften(full)
    await redis.command('CONFIG', 'SET', 'maxmemory', '1')
    try {
      for (let i = 0; i < 3; i++) assert.equal(await full.getOrSet('k', () => assert.fail('it is there')), 'v')
      assert.equal(await full.getOrSet('none', () => 'loaded'), 'loaded')
    } finally {
      await redis.command('CONFIG', 'SET', 'maxmemory', '0')
    }
  })

  test('reads all the same where it keeps copies, has stale lives or early refreshes', async () => {
    for (const options of [{ near: true }, { staleTtl: 60 }, { earlyRefresh: true }]) {
      const other = new TypeSafeCache(redis, { namespace: fresh(), ...options })
      await missOften(other)
      await other.set('k', 'v', { ttl: 60 })
      const { evalsha } = await sentBy(redis, () => other.getOrSet('k', () => 'x'))
      assert.equal(evalsha, undefined, JSON.stringify(options))
      await other.clear()
    }
  })
})

onEveryBackend('a cache that mostly misses', (backend) => {
  async function missing(options = {}) {
    const cache = new TypeSafeCache(backend.redis, { namespace: fresh(), ...options })
    await missOften(cache)
    return cache
  }

  test('gives what is there, and counts it', async () => {
    const cache = await missing()
    for (const [key, value] of [['json', { a: 1 }], ['null', null], ['bytes', Buffer.from([0, 255])]] as const) {
      await cache.set(key, value)
      assert.deepEqual(await cache.getOrSet<unknown>(key, () => assert.fail('it is there')), value)
    }
    const { hits, misses, loads } = cache.metrics()
    assert.deepEqual({ hits, misses, loads }, { hits: 3, misses: OFTEN, loads: OFTEN })
  })

  test('loads once for all who ask here, at once or later, and gives each the same', async () => {
    const cache = await missing()
    const [begun, source] = [deferred(), deferred<string>()]
    let loads = 0
    const fetcher = () => {
      loads++
      begun.resolve()
      return source.promise
    }
    const early = [cache.getOrSet('k', fetcher), cache.getOrSet('k', fetcher)]
    await begun.promise
    const late = cache.getOrSet('k', fetcher)
    await until('it has joined', () => cache.metrics().coalesced === 2)
    source.resolve('v')
    assert.deepEqual(await Promise.all([...early, late]), ['v', 'v', 'v'])
    assert.equal(loads, 1)
  })

  test('waits for the load of another client', async () => {
    const namespace = fresh()
    const [one, other] = [await backend.connect(), await backend.connect()].map((redis) => new TypeSafeCache(redis, { namespace, waitMs: '20s', leaseMs: '60s' }))
    await missOften(one!)
    await missOften(other!)
    const [begun, source] = [deferred(), deferred<string>()]
    const first = one!.getOrSet('k', () => (begun.resolve(), source.promise))
    await begun.promise
    const second = other!.getOrSet('k', () => assert.fail('another loads'))
    await until('it waits', async () => other!.metrics().misses > OFTEN)
    source.resolve('v')
    assert.deepEqual(await Promise.all([first, second]), ['v', 'v'])
  })

  test('does not store what a write overtook', async () => {
    const cache = await missing()
    const manager = new CacheManager(backend.redis, { namespace: cache.namespace })
    const writes: Record<string, () => Promise<unknown>> = {
      set: () => cache.set('k', 'new'),
      del: () => cache.del('k'),
      'an invalidation': () => manager.invalidateByTag(cache.namespace),
    }
    for (const [name, write] of Object.entries(writes)) {
      await cache.del('k')
      const value = await cache.getOrSet('k', async () => (await write(), 'old'), { tags: [cache.namespace] })
      assert.equal(value, 'old')
      assert.notEqual(await cache.get('k'), 'old', name)
    }
  })

  test('loads what is of another type, and leaves it', async () => {
    const cache = await missing({ prefix: 'foreign' })
    const key = `foreign:${cache.namespace}:k`
    await backend.redis.command('RPUSH', key, 'x')
    assert.equal(await cache.getOrSet('k', () => 'v'), 'v')
    assert.equal(await backend.redis.command('TYPE', key), 'list')
    await backend.redis.command('UNLINK', key)
  })
})
