import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Redis, RedisRepository, ResilientCache, TypeSafeCache, type RedisOptions } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { fakeRedis } from './support/client-fake'
import { freePort, MortalServer } from './support/client-server'
import { realServer } from './support/servers'
import { passwordOf } from './support/wire'

const MISSED = { hit: false, value: null, stale: false, ageMs: null, ttlMs: 0 }
const LONG = '1h'

onEveryBackend('a ResilientCache', (backend) => {
  test('is a cache, and tells of each write that it was done', async () => {
    const cache = new ResilientCache(backend.redis, { namespace: fresh(), ttl: '1h' })
    assert.equal(await cache.get('a'), null)
    assert.equal(await cache.set('a', { name: 'Ada' }), true)
    assert.deepEqual(await cache.get('a'), { name: 'Ada' })
    assert.equal((await cache.lookup('a')).hit, true)
    assert.equal(await cache.exists('a'), true)
    assert.equal(await cache.setMany([['b', 1], ['c', 2]]), true)
    assert.deepEqual(await cache.getMany(['b', 'x', 'c']), [1, null, 2])
    assert.equal(await cache.getOrSet('d', () => 3), 3)
    assert.equal(await cache.wrap((id: string) => id, { key: (id) => id })('e'), 'e')
    assert.deepEqual([await cache.del('a'), await cache.delete('a'), await cache.exists('a')], [true, true, false])
    assert.equal(await cache.set('b', 1, { ttl: 0 }), true)
    assert.equal(await cache.deleteMany(['c', 'x']), 1)
    assert.equal(await cache.deletePattern('d*'), 1)
    assert.equal(await cache.clear(), 1)
    const { degraded, errors, stores, loads } = cache.metrics()
    assert.deepEqual({ degraded, errors, stores, loads }, { degraded: 0, errors: 0, stores: 5, loads: 2 })
  })

  test('shares its entries with a TypeSafeCache of the same namespace', async () => {
    const namespace = fresh()
    const [one, other] = [new ResilientCache(backend.redis, { namespace }), new TypeSafeCache(backend.redis, { namespace })]
    await one.set('a', 1)
    assert.equal(await other.get('a'), 1)
    assert.equal(one.namespace, namespace)
  })
})

/** What every method answers when Redis cannot serve. */
async function assertDegrades(redis: Redis): Promise<void> {
  const cache = new ResilientCache(redis)
  assert.equal(await cache.get('a'), null)
  assert.deepEqual(await cache.lookup('a'), MISSED)
  assert.equal(await cache.set('a', 1), false)
  assert.equal(await cache.set('a', 1, { ttl: 0 }), false)
  assert.equal(await cache.setMany([['a', 1]]), false)
  assert.deepEqual([await cache.del('a'), await cache.delete('a'), await cache.exists('a')], [false, false, false])
  assert.deepEqual(await cache.getMany(['a', 'b']), [null, null])
  assert.deepEqual([await cache.deleteMany(['a']), await cache.deletePattern('a*'), await cache.clear()], [0, 0, 0])
  const { degraded, errors, hits, misses, stores } = cache.metrics()
  assert.deepEqual({ degraded, errors, hits, misses, stores }, { degraded: 12, errors: 0, hits: 0, misses: 0, stores: 0 })
  assert.equal(await cache.getOrSet('a', () => 'loaded'), 'loaded')
  assert.deepEqual([cache.metrics().degraded, cache.metrics().errors], [12, 1])
}

describe('a ResilientCache answers', () => {
  test('while the server is away', async () => {
    await using redis = new Redis({ port: await freePort(), commandTimeout: 30, breaker: false })
    await assertDegrades(redis)
  })

  test('while the server hangs', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect({ url: server.url, commandTimeout: 30, watchdogMs: LONG, breaker: false })
    server.kill('SIGSTOP')
    await assertDegrades(redis)
    server.kill('SIGCONT')
  })

  test('while the circuit is open, without waiting', async () => {
    await using redis = new Redis({ port: await freePort(), commandTimeout: LONG, breaker: { threshold: 1, openMs: LONG } })
    await assert.rejects(new TypeSafeCache(redis, { timeoutMs: 20 }).get('a'), { code: 'ERR_UNAVAILABLE' })
    const { operations } = redis.metrics()
    await assertDegrades(redis)
    assert.equal(redis.metrics().operations, operations)
    await redis.close({ timeoutMs: 1 })
  })

  test('while too much is pending', async () => {
    await using redis = new Redis({ port: await freePort(), commandTimeout: LONG, maxPending: 1 })
    const pending = assert.rejects(redis.command('GET', 'a'))
    await assertDegrades(redis)
    await redis.close({ timeoutMs: 1 })
    await pending
  })

  test('while the password is refused', async () => {
    await using server = await realServer({ tcp: true })
    const { host, port } = server
    assert.notEqual(passwordOf(server), 'wrong')
    await using redis = new Redis({ host, port, password: 'wrong' })
    await assertDegrades(redis)
  })

  test('while something else answers at that address', async () => {
    await using fake = await fakeRedis(() => 'HTTP/1.1 400 Bad Request\r\n\r\n')
    await using redis = new Redis({ url: fake.url, commandTimeout: 1000 })
    await assertDegrades(redis)
  })

  test('after the client was closed', async () => {
    const redis = new Redis({ port: await freePort() })
    await redis.close()
    await assertDegrades(redis)
  })

  for (const refusal of ['OOM command not allowed', 'MISCONF Errors writing to the AOF file', 'READONLY You can\'t write', 'LOADING Redis is loading', 'BUSY Redis is busy', 'NOREPLICAS Not enough good replicas']) {
    test(`while the server refuses with ${refusal.split(' ')[0]}`, async () => {
      await using fake = await fakeRedis(([name]) => (['HELLO', 'INFO', 'CLIENT', 'PING'].includes(name!.toUpperCase()) ? undefined : `-${refusal}\r\n`))
      await using redis = await Redis.connect({ url: fake.url, commandTimeout: 30, breaker: false })
      await assertDegrades(redis)
    })
  }
})

describe('what a ResilientCache does not hide', () => {
  test('wrong arguments', async () => {
    await using redis = new Redis({ port: await freePort(), commandTimeout: 30 })
    const cache: any = new ResilientCache(redis)
    for (const call of [
      () => cache.get(''), () => cache.lookup(1), () => cache.set('a', undefined), () => cache.set('a', 1n), () => cache.set('a', 1, { ttl: -1 }),
      () => cache.set('a', 1, { tll: 1 }), () => cache.del(null), () => cache.delete(''), () => cache.exists('a', ''), () => cache.getMany('a'),
      () => cache.setMany([['a']]), () => cache.deleteMany([1]), () => cache.deletePattern(''), () => cache.getOrSet('a'),
    ]) {
      await assert.rejects(call(), { code: 'ERR_INVALID_ARG' })
    }
    assert.equal(cache.metrics().degraded, 0)
    assert.throws(() => new ResilientCache({} as any), { name: 'TypeError' })
    assert.throws(() => new ResilientCache(redis, { tll: 1 } as any), { message: /^options.tll is not an option; did you mean 'ttl'\?/ })
    assert.throws(() => new ResilientCache(redis, { onUnavailable: 'throw' } as any), { message: /^options.onUnavailable is not an option/ })
  })

  test('a key of another kind, and a missing permission', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect(server.url)
    await redis.command('LPUSH', 'cache:default:list', 'x')
    const cache = new ResilientCache(redis)
    await assert.rejects(cache.get('list'), { serverCode: 'WRONGTYPE' })
    await server.ask('ACL SETUSER reader on nopass ~* +@read +@connection')
    await using reader = await Redis.connect({ url: server.url, username: 'reader' })
    await assert.rejects(new ResilientCache(reader).set('a', 1), { serverCode: 'NOPERM' })
    assert.equal(cache.metrics().degraded, 0)
  })

  test('the reason of an AbortSignal', async () => {
    await using redis = new Redis({ port: await freePort(), commandTimeout: LONG })
    const lookup = new ResilientCache(redis).lookup('a', { signal: AbortSignal.timeout(1) })
    await assert.rejects(lookup, { name: 'TimeoutError' })
    await redis.close({ timeoutMs: 1 })
  })

  test('an error of the fetcher', async () => {
    await using redis = new Redis({ port: await freePort(), commandTimeout: 30 })
    const error = new Error('no database either')
    await assert.rejects(new ResilientCache(redis).getOrSet('a', () => Promise.reject(error)), (thrown) => thrown === error)
  })
})

describe('the option onUnavailable', () => {
  const away = async (options?: RedisOptions) => new Redis({ port: await freePort(), commandTimeout: 30, ...options })

  test('lets a cache reject where nothing is said, and with throw', async () => {
    await using redis = await away()
    for (const options of [{}, { onUnavailable: 'throw' }] as const) {
      const cache = new TypeSafeCache(redis, options)
      await assert.rejects(cache.get('a'), { code: 'ERR_UNAVAILABLE' })
      await assert.rejects(cache.set('a', 1), { code: 'ERR_UNAVAILABLE' })
      assert.equal(cache.metrics().degraded, 0)
    }
  })

  test('lets a cache answer with degrade', async () => {
    await using redis = await away()
    const cache = new TypeSafeCache(redis, { onUnavailable: 'degrade' })
    assert.deepEqual([await cache.get('a'), await cache.exists('a'), await cache.lookup('a')], [null, false, MISSED])
    assert.deepEqual([await cache.set('a', 1), await cache.setMany([['a', 1]]), await cache.del('a')], [undefined, undefined, undefined])
    assert.deepEqual([await cache.getMany(['a', 'b']), await cache.deleteMany(['a']), await cache.clear()], [[null, null], 0, 0])
    assert.equal(cache.metrics().degraded, 9)
    await assert.rejects(cache.get(''), { code: 'ERR_INVALID_ARG' })
  })

  test('lets a repository reject where nothing is said, and answer with degrade', async () => {
    await using redis = await away()
    const strict = new RedisRepository(redis, 'cart')
    await assert.rejects(strict.get('a'), { code: 'ERR_UNAVAILABLE' })
    assert.deepEqual(strict.metrics(), { degraded: 0, nearHits: 0 })
    const carts = new RedisRepository(redis, 'cart', { onUnavailable: 'degrade' })
    assert.deepEqual([await carts.get('a'), await carts.exists('a'), await carts.getMany(['a', 'b'])], [null, false, [null, null]])
    assert.deepEqual([await carts.set('a', 1), await carts.set('a', 1, 0), await carts.delete('a')], [undefined, undefined, undefined])
    assert.deepEqual(carts.metrics(), { degraded: 6, nearHits: 0 })
    await assert.rejects(carts.get(''), { code: 'ERR_INVALID_ARG' })
    await assert.rejects(carts.set('a', 1n), { code: 'ERR_INVALID_ARG' })
  })

  test('takes no other word', async () => {
    await using redis = await away()
    const message = "options.onUnavailable must be 'throw' or 'degrade', got another string"
    assert.throws(() => new TypeSafeCache(redis, { onUnavailable: 'ignore' } as any), { name: 'TypeError', message })
    assert.throws(() => new RedisRepository(redis, 'cart', { onUnavailable: true } as any), { name: 'TypeError', message: /got a boolean$/ })
  })
})
