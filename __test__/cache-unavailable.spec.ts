import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CacheManager, Redis, ResilientCache, TypeSafeCache, type CacheOptions, type RedisOptions } from '../index.js'
import { deferred, fresh } from './support/cache-tools'
import { freePort, MortalServer } from './support/client-server'
import { until } from './support/until'

const LONG = '1h'

interface Unavailable {
  name: string
  code: string
  /** A client that cannot serve for this reason. */
  client(): Promise<Redis & AsyncDisposable>
  /** Whether it says so without sending or waiting. */
  atOnce?: boolean
}

const away = async (options: RedisOptions) => new Redis({ port: await freePort(), commandTimeout: LONG, ...options })

const REASONS: readonly Unavailable[] = [
  {
    name: 'the client is closed',
    code: 'ERR_CLOSED',
    atOnce: true,
    async client() {
      const redis = await away({})
      await redis.close()
      return redis
    },
  },
  {
    name: 'the circuit is open',
    code: 'ERR_CIRCUIT_OPEN',
    atOnce: true,
    async client() {
      const redis = await away({ breaker: { threshold: 1, openMs: LONG } })
      await assert.rejects(new TypeSafeCache(redis, { timeoutMs: 20 }).get('a'), { code: 'ERR_UNAVAILABLE' })
      return redis
    },
  },
  {
    name: 'as many wait as may',
    code: 'ERR_BUSY',
    atOnce: true,
    async client() {
      const redis = await away({ maxPending: 1 })
      redis.command('GET', 'a').catch(() => {})
      return redis
    },
  },
  { name: 'the server is away', code: 'ERR_UNAVAILABLE', client: () => away({ commandTimeout: 30, breaker: false }) },
]

const loadMany = async (missing: string[]) => new Map(missing.map((key) => [key, `loaded ${key}`]))
const load = async () => 'loaded'
const LIVES = { ttl: '1m', staleTTL: '1h' } as const

for (const { name, code, client, atOnce = false } of REASONS) {
  describe(`while ${name}`, () => {
    async function withClient(work: (redis: Redis) => Promise<void>): Promise<void> {
      const redis = await client()
      const { operations } = redis.metrics()
      await work(redis)
      if (atOnce) assert.equal(redis.metrics().operations, operations, 'something was sent')
      await redis.close({ timeoutMs: 1 })
    }

    test('whatever loads gives what was loaded, and tells why it is not stored', () =>
      withClient(async (redis) => {
        const told: string[] = []
        const onError: CacheOptions['onError'] = (error: any, { operation }) => told.push(`${error.code} ${operation}`)
        for (const cache of [new TypeSafeCache(redis, { onError }), new CacheManager(redis, { onError }), new TypeSafeCache(redis, { onError, onUnavailable: 'degrade' })]) {
          // Who is answered in the same turn of the event loop shares one load.
          await new Promise(setImmediate)
          assert.equal(await cache.getOrSet('a', load), 'loaded')
          assert.equal(await cache.getOrSet('b', load, { tags: ['tag'] }), 'loaded')
        }
        await new Promise(setImmediate)
        assert.deepEqual(told.splice(0), Array(6).fill(`${code} get`))
        const cache = new TypeSafeCache(redis, { onError })
        assert.equal(await cache.getStale('a', load, LIVES), 'loaded')
        assert.deepEqual(await cache.getOrSetMany(['a', 'b'], loadMany), new Map([['a', 'loaded a'], ['b', 'loaded b']]))
        assert.deepEqual(told.splice(0), [`${code} get`, `${code} get`])
        assert.equal(await cache.getOrSet('a', load, { forceFresh: true }), 'loaded')
        assert.deepEqual(await cache.getOrSetMany(['a'], loadMany, { forceFresh: true }), new Map([['a', 'loaded a']]))
        assert.deepEqual(told, [`${code} set`, `${code} set`])
        assert.deepEqual([cache.metrics().loads, cache.metrics().stores, cache.metrics().errors], [4, 0, 4])
      }))

    test('an error of the fetcher comes back as it is', () =>
      withClient(async (redis) => {
        const failure = new Error('no source either')
        const fails = () => Promise.reject(failure)
        const cache = new ResilientCache(redis)
        const calls = [cache.getOrSet('a', fails), cache.getStale('a', fails, LIVES), cache.getOrSetMany(['a'], fails)]
        await Promise.all(calls.map((call) => assert.rejects(call, (error) => error === failure)))
      }))

    test('invalidations and writes with tags reject, and say that nothing was done', () =>
      withClient(async (redis) => {
        const manager = new CacheManager(redis)
        const cache = new TypeSafeCache(redis)
        const calls = [
          manager.cacheWithTags('a', 1, '1h', ['tag']),
          manager.invalidateByTag('tag'),
          manager.invalidateByTag('tag', { mode: 'expire' }),
          manager.invalidateByTags(['tag', 'other'], { match: 'all' }),
          cache.set('a', 1, { staleTtl: '1h' }),
          cache.setMany([['a', 1], ['b', 2]], { tags: ['tag'] }),
        ]
        for (const call of await Promise.allSettled(calls)) {
          const { reason } = call as PromiseRejectedResult
          // Stores of many callers leave together: one whose deadline passes meanwhile is told that his may have left.
          if (!atOnce && reason.code === 'ERR_TIMEOUT' && reason.maybeExecuted) continue
          assert.deepEqual([reason.name, reason.code, reason.maybeExecuted], ['RedwrightError', code, false])
        }
      }))

    test('who degrades says of writes that they were not done, and invalidates nothing', () =>
      withClient(async (redis) => {
        const cache = new ResilientCache(redis)
        const tagged = { tags: ['tag'], staleTtl: '1h' } as const
        assert.deepEqual([await cache.set('a', 1, tagged), await cache.setMany([['a', 1]], tagged), cache.peek('a')], [false, false, undefined])
        assert.deepEqual([await cache.getStale('a', load, LIVES), await cache.getOrSetMany(['a'], loadMany)], ['loaded', new Map([['a', 'loaded a']])])
        assert.deepEqual([cache.metrics().degraded, cache.metrics().errors], [2, 2])
        const manager = new CacheManager(redis, { onUnavailable: 'degrade' })
        assert.equal(await manager.cacheWithTags('a', 1, '1h', ['tag']), undefined)
        assert.equal(await manager.invalidateByTag('tag'), 0)
        assert.equal(await manager.invalidateByTags(['tag'], { match: 'all', mode: 'expire' }), 0)
        assert.equal(manager.metrics().degraded, 3)
      }))

    test('a copy in memory is not asked of anybody', () =>
      withClient(async (redis) => {
        const near = new TypeSafeCache(redis, { near: true })
        assert.equal(near.peek('a'), undefined)
        assert.equal(await near.getOrSet('a', load), 'loaded')
        assert.equal(near.peek('a'), undefined)
      }))
  })
}

describe('whoever waits for the load of another', () => {
  /** A load that goes on, and whoever else wants the same. */
  async function loading(work: (them: { waiter: TypeSafeCache; redis: Redis; source: ReturnType<typeof deferred<string>>; early: Promise<string> }) => Promise<void>, waiting: RedisOptions = {}) {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect(server.url)
    await using other = await Redis.connect({ url: server.url, ...waiting })
    const namespace = fresh()
    const [begun, source] = [deferred(), deferred<string>()]
    const fetcher = () => {
      begun.resolve()
      return source.promise
    }
    const early = new TypeSafeCache(redis, { namespace }).getOrSet('1', fetcher)
    await begun.promise
    await work({ waiter: new TypeSafeCache(other, { namespace, waitMs: '1m' }), redis: other, source, early })
  }

  test('may give up by a signal, and nobody else does', () =>
    loading(async ({ waiter, redis, source, early }) => {
      const gone = new AbortController()
      const [one, another] = [waiter.getOrSet('1', load, { signal: gone.signal }), waiter.getOrSet('1', load)]
      await until('the question is on its way', () => redis.metrics().operations > 1)
      gone.abort(new Error('enough'))
      await assert.rejects(one, { message: 'enough' })
      source.resolve('loaded elsewhere')
      assert.deepEqual([await early, await another], ['loaded elsewhere', 'loaded elsewhere'])
      assert.equal(waiter.metrics().loads, 0)
    }))

  test('waits for as long as he said, not for as long as a command may take', () =>
    loading(
      async ({ waiter, source, early }) => {
        const waiting = waiter.getOrSet('1', load)
        // Longer than the deadline of a command, however late this comes.
        await new Promise((resolve) => setTimeout(resolve, 1_200))
        source.resolve('loaded elsewhere')
        assert.deepEqual([await early, await waiting], ['loaded elsewhere', 'loaded elsewhere'])
      },
      { commandTimeout: 1_000 },
    ))

  test('loads for himself when the client is closed under him', () =>
    loading(async ({ waiter, redis, source, early }) => {
      const waiting = waiter.getOrSet('1', load)
      await until('he waits', () => redis.metrics().operations > 1)
      await redis.close({ timeoutMs: 1 })
      assert.equal(await waiting, 'loaded')
      source.resolve('loaded elsewhere')
      assert.equal(await early, 'loaded elsewhere')
    }))
})

describe('timeoutMs', () => {
  test('is the deadline of each step, whatever the client has', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect({ url: server.url, commandTimeout: LONG, watchdogMs: LONG, breaker: false })
    const options = { namespace: fresh(), timeoutMs: 50 }
    const [cache, manager] = [new TypeSafeCache(redis, options), new CacheManager(redis, options)]
    server.kill('SIGSTOP')
    assert.equal(await cache.getOrSet('1', load, { forceFresh: true, tags: ['tag'] }), 'loaded')
    assert.deepEqual(await cache.getOrSetMany(['1'], loadMany, { forceFresh: true }), new Map([['1', 'loaded 1']]))
    const calls = [manager.invalidateByTag('tag'), manager.cacheWithTags('1', 1, '1h', ['tag'])]
    await Promise.all(calls.map((call) => assert.rejects(call, { code: 'ERR_TIMEOUT', maybeExecuted: true })))
    server.kill('SIGCONT')
    await until('it works again', () => cache.set('1', 1).then(() => true, () => false))
    assert.equal(await cache.get('1'), 1)
  })
})
