import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CacheManager, Redis, TypeSafeCache } from '../index.js'
import { deferred, fresh, sentBy } from './support/cache-tools'
import { MortalServer } from './support/client-server'
import { until } from './support/until'

describe('a cache', () => {
  let server: MortalServer
  let redis: Redis
  before(async () => {
    server = await MortalServer.start()
    redis = await Redis.connect(server.url)
  })
  after(async () => {
    await redis.close()
    await server[Symbol.asyncDispose]()
  })

  test('that waits for a refresh elsewhere does not ask without end', async () => {
    await using other = await Redis.connect(server.url)
    const namespace = fresh()
    const [cache, waiter] = [new TypeSafeCache(redis, { namespace }), new TypeSafeCache(other, { namespace })]
    await cache.set('1', 'old', { ttl: '1ms', staleTtl: '1h' })
    await until('it is stale', async () => (await cache.lookup('1')).stale)
    const [begun, source] = [deferred(), deferred<string>()]
    const refresh = () => {
      begun.resolve()
      return source.promise
    }
    assert.equal(await cache.getOrSet('1', refresh, { ttl: '1h', staleTtl: '1h' }), 'old')
    await begun.promise
    const sent = await sentBy(redis, async () => {
      const value = await waiter.getOrSet('1', () => 'loaded for himself', { waitMs: 500 })
      assert.equal(value, 'loaded for himself')
    })
    source.resolve('new')
    // Some pauses from 25 ms on, each twice as long as the one before.
    assert.ok(sent['evalsha']! + (sent['eval'] ?? 0) < 30, JSON.stringify(sent))
  })

  test('whose fetcher of many gives tags of its own does not store what an invalidation of one of them came across', async () => {
    const options = { namespace: fresh(), prefix: fresh('p') }
    const [cache, manager] = [new TypeSafeCache(redis, options), new CacheManager(redis, options)]
    const values = await cache.getOrSetMany(['1'], async (_, { setTags }) => {
      setTags(['tag'])
      await manager.invalidateByTag('tag')
      return new Map([['1', 'old']])
    })
    assert.equal(values.get('1'), 'old')
    assert.equal(await cache.get('1'), null)
  })

  test('whose tag was invalidated while a value is loaded gives it to nobody who asks later', async () => {
    const options = { namespace: fresh(), prefix: fresh('p') }
    const [cache, manager] = [new TypeSafeCache(redis, options), new CacheManager(redis, options)]
    const [begun, source] = [deferred(), deferred<string>()]
    const load = () => {
      begun.resolve()
      return source.promise
    }
    const early = cache.getOrSet('1', load, { tags: ['tag'] })
    await begun.promise
    await manager.invalidateByTag('tag')
    const later = Promise.all([1, 2, 3].map(() => cache.getOrSet('1', () => 'new', { tags: ['tag'] })))
    await redis.ping()
    source.resolve('old')
    assert.equal(await early, 'old')
    assert.deepEqual(await later, ['new', 'new', 'new'])
    assert.equal(await cache.get('1'), 'new')
    // The first of them loads for all.
    assert.equal(cache.metrics().loads, 2)
  })
})
