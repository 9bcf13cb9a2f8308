import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis, TypeSafeCache, type CacheOptions } from '../index.js'
import type { TestServer } from '../testing.js'
import { fresh } from './support/cache-tools'
import { FaultProxy } from './support/fault-proxy'
import { realServer } from './support/servers'

describe('a cache whose server is in trouble', () => {
  let server: TestServer
  before(async () => void (server = await realServer({ tcp: true })))
  after(() => server.stop())

  interface Trouble {
    redis: Redis
    proxy: FaultProxy
    cache: TypeSafeCache
    /** What `onError` was told: code and operation. */
    told: string[]
  }
  /** A cache behind a proxy, with a connection that stands. */
  async function withProxy(work: (trouble: Trouble) => Promise<void>, options?: CacheOptions): Promise<void> {
    await using proxy = await FaultProxy.start(server)
    await using redis = await Redis.connect({ url: proxy.url, commandTimeout: 1000 })
    const told: string[] = []
    const onError: CacheOptions['onError'] = (error: any, { operation, key }) => told.push(`${error.code} ${operation} ${key}`)
    const cache = new TypeSafeCache(redis, { namespace: fresh(), onError, ...options })
    await work({ redis, proxy, cache, told })
  }

  test('that does not answer: getOrSet loads, stores nothing, tells onError; all else rejects', () =>
    withProxy(async ({ proxy, cache, told }) => {
      await cache.set('1', 'stored')
      proxy.freeze()
      const values = await Promise.all([1, 2, 3].map((i) => cache.getOrSet('1', () => `loaded by ${i}`)))
      assert.deepEqual(values, ['loaded by 1', 'loaded by 1', 'loaded by 1'])
      assert.deepEqual(told, ['ERR_TIMEOUT get 1'])
      const { errors, loads, coalesced, stores, misses } = cache.metrics()
      assert.deepEqual([errors, loads, coalesced, stores, misses], [1, 1, 2, 1, 0])
      const timeout = { name: 'RedwrightError', code: 'ERR_TIMEOUT', retryable: true, maybeExecuted: true }
      await Promise.all(
        [
          cache.get('1'),
          cache.lookup('1'),
          cache.exists('1'),
          cache.set('1', 1),
          cache.del('1'),
          cache.getMany(['1']),
          cache.setMany([['1', 1]]),
          cache.deleteMany(['1']),
          cache.deletePattern('*'),
          cache.clear(),
        ].map((operation) => assert.rejects(operation, timeout)),
      )
      const failure = new Error('no database either')
      await assert.rejects(cache.getOrSet('1', () => Promise.reject(failure)), (error) => error === failure)
    }))

  test('that cannot be reached: getOrSet loads and tells onError', () =>
    withProxy(async ({ proxy, cache, told }) => {
      proxy.refuse()
      proxy.reset()
      assert.equal(await cache.getOrSet('1', () => 'loaded'), 'loaded')
      assert.deepEqual(told, ['ERR_UNAVAILABLE get 1'])
      await assert.rejects(cache.set('1', 1), { code: 'ERR_UNAVAILABLE', maybeExecuted: false })
      await proxy.accept()
      assert.equal(await cache.getOrSet('1', () => 'again'), 'again')
    }))

  test('that is lost while a value is loaded: the value is returned, and onError is told', () =>
    withProxy(async ({ proxy, cache, told }) => {
      const load = () => {
        proxy.freeze()
        return 'loaded'
      }
      assert.equal(await cache.getOrSet('1', load), 'loaded')
      assert.deepEqual(told, ['ERR_TIMEOUT set 1'])
      assert.equal(cache.metrics().stores, 0)
    }))

  test('a get whose connection is lost on the way is sent again', () =>
    withProxy(async ({ proxy, cache }) => {
      await cache.set('1', 'x'.repeat(10_000))
      proxy.cutAfter(5000)
      assert.equal(await cache.get('1'), 'x'.repeat(10_000))
      assert.equal(proxy.accepted, 2)
    }))

  test('timeoutMs is the deadline of this cache, whatever the client has', () =>
    withProxy(
      async ({ redis, proxy, cache }) => {
        const slow = new TypeSafeCache(redis, { timeoutMs: '1h' })
        proxy.freeze()
        const pending = slow.get('1')
        await assert.rejects(cache.get('1'), { code: 'ERR_TIMEOUT' })
        await assert.rejects(redis.ping(), { code: 'ERR_TIMEOUT' })
        proxy.thaw()
        assert.equal(await pending, null)
      },
      { timeoutMs: 20 },
    ))

  test('a deletePattern whose reply is lost says that it may have deleted', () =>
    withProxy(async ({ proxy, cache }) => {
      await cache.set('1', 1)
      proxy.dropReplies = true
      await assert.rejects(cache.deletePattern('*'), { code: 'ERR_TIMEOUT', maybeExecuted: true })
    }))

  test('a closed client: getOrSet still loads, all else says ERR_CLOSED', () =>
    withProxy(async ({ redis, cache, told }) => {
      await redis.close()
      assert.equal(await cache.getOrSet('1', () => 'loaded'), 'loaded')
      assert.deepEqual(told, ['ERR_CLOSED get 1'])
      await assert.rejects(cache.get('1'), { code: 'ERR_CLOSED' })
      await assert.rejects(cache.setMany([['1', 1]]), { code: 'ERR_CLOSED' })
      await assert.rejects(cache.clear(), { code: 'ERR_CLOSED' })
    }))

  test('a full server: getOrSet returns what it loaded, set rejects, and neither message holds the value', () =>
    withProxy(async ({ redis, cache, told }) => {
      await redis.command('CONFIG', 'SET', 'maxmemory', '1')
      try {
        assert.equal(await cache.getOrSet('1', () => 'loaded'), 'loaded')
        assert.deepEqual(told, ['ERR_SERVER set 1'])
        const refused = { code: 'ERR_SERVER', serverCode: 'OOM', maybeExecuted: false }
        for (const set of [cache.set('1', 'secret'), cache.setMany([['1', 'secret']])]) {
          await assert.rejects(set, (error: any) => {
            assert.deepEqual({ code: error.code, serverCode: error.serverCode, maybeExecuted: error.maybeExecuted }, refused)
            return !error.message.includes('secret')
          })
        }
        assert.equal(cache.metrics().stores, 0)
      } finally {
        await redis.command('CONFIG', 'SET', 'maxmemory', '0')
      }
    }))
})
