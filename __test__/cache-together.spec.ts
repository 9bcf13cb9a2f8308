import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as fc from 'fast-check'
import { CacheManager, Redis, TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh, sentBy } from './support/cache-tools'
import { MortalServer } from './support/client-server'
import { until } from './support/until'

// What is read, or stored with tags, in one turn of the event loop crosses together and is one command, and nobody sees that it is.

type Outcome = readonly ['value', unknown] | readonly ['error', string | undefined]

const outcomeOf = (read: Promise<unknown>): Promise<Outcome> => read.then((value) => ['value', value], ({ serverCode }) => ['error', serverCode])

/** What can be under a key, and how it comes there. */
const KINDS: Record<string, (cache: TypeSafeCache, key: string, redis: Redis) => Promise<unknown>> = {
  nothing: async () => {},
  'a value': (cache, key) => cache.set(key, { of: key }),
  'an empty text': (cache, key) => cache.set(key, ''),
  'a tagged value': (cache, key) => cache.set(key, { of: key }, { tags: [`tag of ${key}`] }),
  'a stale value': (cache, key) => cache.set(key, { of: key }, { ttl: '1ms', staleTtl: '1h' }),
  'a value that will be stale': (cache, key) => cache.set(key, { of: key }, { ttl: '1h', staleTtl: '1h' }),
  'bytes': (cache, key) => cache.set(key, Buffer.from(key)),
  'a long value': (cache, key) => cache.set(key, key.repeat(5_000)),
  'a list': (cache, key, redis) => redis.command('RPUSH', `cache:${cache.namespace}:${key}`, key),
  'what nobody can read': (cache, key, redis) => redis.command('SET', `cache:${cache.namespace}:${key}`, Buffer.from([0xc1, 99, 1])),
}

onEveryBackend('reads of one turn', (backend) => {
  test('give each caller what one read by itself gives', async () => {
    const kinds = fc.array(fc.constantFrom(...Object.keys(KINDS)), { minLength: 2, maxLength: 80 })
    const property = fc.asyncProperty(kinds, fc.boolean(), async (kinds, loads) => {
      const cache = new TypeSafeCache(backend.redis, { namespace: fresh() })
      const keys = kinds.map((_, i) => `key ${i}`)
      await Promise.all(kinds.map((kind, i) => KINDS[kind]!(cache, keys[i]!, backend.redis)))
      for (const key of keys.filter((_, i) => kinds[i] === 'a stale value')) await until('it is stale', async () => (await cache.lookup(key)).stale)
      const read = (key: string) => outcomeOf(loads ? cache.getOrSet(key, () => 'loaded', { ttl: 0 }) : cache.get(key))
      const alone: Outcome[] = []
      for (const key of keys) alone.push(await read(key))
      // Twice: what the first time showed decides how the second asks.
      for (let i = 0; i < 2; i++) assert.deepEqual(await Promise.all(keys.map(read)), alone)
    })
    await fc.assert(property, { seed: 1, numRuns: 5 })
  })

  test('leave in the order of asking, among writes', async () => {
    const cache = new TypeSafeCache(backend.redis, { namespace: fresh() })
    // A store with tags is several steps in a cluster, between which it is a load under way.
    const tags = backend.name.includes('cluster') ? [] : ['t']
    for (let round = 0; round < 20; round++) {
      await Promise.all([cache.set('a', 0), cache.set('b', 0)])
      const reads = [cache.get('x'), cache.get('a'), cache.get('b')]
      const writes = [cache.set('a', 1), cache.set('b', 1, { tags })]
      reads.push(cache.get('y'), cache.get('a'), cache.get('b'))
      assert.deepEqual(await Promise.all(reads), [null, 0, 0, null, 1, 1])
      await Promise.all(writes)
    }
  })

  test('do not see what is written behind them, also where nothing is there', async () => {
    const cache = new TypeSafeCache(backend.redis, { namespace: fresh() })
    for (let round = 0; round < 20; round++) {
      const keys = [0, 1, 2, 3].map((i) => `${round} ${i}`)
      const reads = keys.map((key) => cache.get(key))
      const written = keys.map((key) => cache.set(key, 'written behind'))
      assert.deepEqual(await Promise.all(reads), [null, null, null, null])
      await Promise.all(written)
    }
  })

  test('are counted as so many operations', async () => {
    const redis = await backend.connect()
    const cache = new TypeSafeCache(redis, { namespace: fresh() })
    await cache.set('5', 'five')
    const before = redis.metrics()
    await Promise.all(Array.from({ length: 100 }, (_, i) => cache.get(String(i))))
    const now = redis.metrics()
    assert.deepEqual([now.operations - before.operations, now.succeeded - before.succeeded, now.pending], [100, 100, 0])
    assert.deepEqual([cache.metrics().hits, cache.metrics().misses], [1, 99])
  })

  test('that are too many for a client: each that is refused says so, and the others are served', async () => {
    const redis = await backend.connect({ maxPending: 10 })
    const cache = new TypeSafeCache(redis, { namespace: fresh() })
    await cache.set('1', 'one')
    const told = await Promise.all(Array.from({ length: 100 }, (_, i) => cache.get(String(i)).then(() => 'served', ({ code }) => code)))
    // The first of the turn leaves before the others, and may have made room for some of them.
    const served = told.filter((one) => one === 'served').length
    assert.ok(served >= 10 && served <= 30, `${served} served`)
    assert.deepEqual(new Set(told), new Set(['served', 'ERR_BUSY']))
    assert.equal(redis.metrics().refused, 100 - served)
    assert.equal(await cache.get('1'), 'one')
  })

  test('that come while their client closes are each answered', async () => {
    const redis = await backend.connect()
    const cache = new TypeSafeCache(redis, { namespace: fresh() })
    const before = ['1', '2', '3'].map((key) => outcomeOf(cache.get(key)))
    const closed = redis.close()
    const behind = ['4', '5'].map((key) => cache.get(key).catch(({ code }) => code))
    assert.deepEqual(await Promise.all(before), [1, 2, 3].map(() => ['value', null]))
    assert.deepEqual(await Promise.all(behind), ['ERR_CLOSED', 'ERR_CLOSED'])
    await closed
  })
})

onEveryBackend('stores with tags of one turn', (backend) => {
  const newCache = () => {
    const options = { namespace: fresh() }
    return { cache: new TypeSafeCache(backend.redis, options), tags: new CacheManager(backend.redis, options) }
  }

  test('are each found by their tags', async () => {
    const entries = fc.array(fc.record({ text: fc.oneof(fc.string({ unit: 'binary' }), fc.constant('é'.repeat(5_000))), tags: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }) }), {
      minLength: 2,
      maxLength: 70,
    })
    const property = fc.asyncProperty(entries, async (entries) => {
      const { cache, tags } = newCache()
      const name = (tag: string) => `${cache.namespace} ${tag}`
      await Promise.all(entries.map(({ text, tags }, i) => cache.set(`key ${i}`, text, { tags: tags.map(name) })))
      const values = (gone: string[]) => entries.map(({ text, tags }) => (tags.some((tag) => gone.includes(tag)) ? null : text))
      const keys = entries.map((_, i) => `key ${i}`)
      assert.deepEqual(await cache.getMany(keys), values([]))
      for (const gone of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
        await tags.invalidateByTag(name(gone.at(-1)!))
        assert.deepEqual(await cache.getMany(keys), values(gone))
      }
    })
    await fc.assert(property, { seed: 1, numRuns: 5 })
  })

  test('of one key: the last that was asked for stays', async () => {
    const { cache, tags } = newCache()
    for (let round = 0; round < 20; round++) {
      const tag = `${cache.namespace} ${round}`
      await Promise.all(['first', 'x', 'y', 'second'].map((value, i) => cache.set(value.length > 1 ? 'key' : value, value, { tags: i % 2 === 0 ? [tag] : [tag, `${tag} too`] })))
      assert.equal(await cache.get('key'), 'second')
      assert.equal(await tags.invalidateByTag(`${tag} too`), 2)
      assert.deepEqual(await cache.getMany(['key', 'x', 'y']), [null, null, 'y'])
    }
  })

  test('where the index of one tag is something else: who needs it is told, and the others are stored', async () => {
    const { cache } = newCache()
    const [good, bad] = [fresh('good'), fresh('bad')]
    await backend.redis.command('SET', `cache:%tag:{${bad}}`, 'no index')
    const told = await Promise.all(Array.from({ length: 40 }, (_, i) => outcomeOf(cache.set(String(i), i, { tags: [i % 4 === 3 ? bad : good] }))))
    assert.deepEqual(told, Array.from({ length: 40 }, (_, i) => (i % 4 === 3 ? ['error', 'WRONGTYPE'] : ['value', undefined])))
    assert.deepEqual(await cache.getMany(['0', '3', '38', '39']), [0, null, 38, null])
  })
})

describe('reads and stores of one turn, on one server', () => {
  let server: MortalServer
  before(async () => void (server = await MortalServer.start()))
  after(() => server[Symbol.asyncDispose]())
  const connect = (options: object = {}) => Redis.connect({ url: server.url, commandTimeout: '30s', ...options })
  const keys = Array.from({ length: 65 }, (_, i) => String(i))
  /** The first of a turn leaves at once; the others are 64. */
  const readAll = (cache: TypeSafeCache) => Promise.all(keys.map((key) => cache.get(key)))

  test('are one command behind the first; where keys without a value are likely, they are counted along', async () => {
    await using redis = await connect()
    const cache = new TypeSafeCache(redis, { namespace: fresh() })
    await cache.setMany(keys.map((key) => [key, key]))
    // Until it is known how long values are, sixteen are asked for at a time.
    assert.deepEqual(await sentBy(redis, async () => assert.deepEqual(await readAll(cache), keys)), { get: 1, mget: 4 })
    assert.deepEqual(await sentBy(redis, async () => assert.deepEqual(await readAll(cache), keys)), { get: 1, mget: 1 })
    await cache.deleteMany(['7', '8'])
    const values = keys.map((key) => (key === '7' || key === '8' ? null : key))
    const sent = async () => sentBy(redis, async () => assert.deepEqual(await readAll(cache), values))
    assert.deepEqual(await sent(), { get: 3, mget: 1 })
    assert.deepEqual(await sent(), { get: 1, mget: 1, exists: 1 })
    await redis.command('RPUSH', `cache:${cache.namespace}:7`, 'a')
    const told = await sentBy(redis, () => Promise.allSettled(keys.map((key) => cache.get(key))))
    assert.deepEqual(told, { get: 3, mget: 1, exists: 1 })
  })

  test('of long values are several commands, so that none waits for all', async () => {
    await using redis = await connect()
    const cache = new TypeSafeCache(redis, { namespace: fresh() })
    await cache.setMany(keys.map((key) => [key, key.padEnd(20_000)]))
    await readAll(cache)
    const { mget = 0, get = 0 } = await sentBy(redis, () => readAll(cache))
    // Three at a time would be asked for as six.
    assert.deepEqual([mget, get], [32, 1])
  })

  test('of a user who may only GET are asked for one by one, from the second time on at once', async () => {
    await server.ask('ACL SETUSER getter reset on >pw ~* +get +info +ping')
    await using writer = await connect()
    await using redis = await connect({ username: 'getter', password: 'pw' })
    const namespace = fresh()
    const cache = new TypeSafeCache(redis, { namespace })
    await new TypeSafeCache(writer, { namespace }).setMany(keys.map((key) => [key, key]))
    assert.deepEqual(await readAll(cache), keys)
    assert.deepEqual(await sentBy(writer, () => readAll(cache)), { get: 65 })
  })

  test('of keys of which a user may read some: each says what is the matter with it', async () => {
    const namespace = fresh()
    await server.ask(`ACL SETUSER reader reset on >pw ~cache:${namespace}:open* +@all`)
    await using writer = await connect()
    await using redis = await connect({ username: 'reader', password: 'pw' })
    const names = ['open1', 'shut', 'open2', 'open3']
    await new TypeSafeCache(writer, { namespace }).setMany(names.map((name) => [name, name]))
    const cache = new TypeSafeCache(redis, { namespace })
    const told = await Promise.all(names.map((name) => outcomeOf(cache.get(name))))
    assert.deepEqual(told, [['value', 'open1'], ['error', 'NOPERM'], ['value', 'open2'], ['value', 'open3']])
  })

  test('of a server that hangs are each told so in time, and are served when it goes on', async () => {
    await using redis = await connect({ commandTimeout: 200, breaker: false })
    const cache = new TypeSafeCache(redis, { namespace: fresh() })
    await readAll(cache)
    server.kill('SIGSTOP')
    try {
      const told = await Promise.all(keys.map((key) => cache.get(key).then(() => 'served', ({ code, retryable, maybeExecuted }) => ({ code, retryable, maybeExecuted }))))
      assert.deepEqual(told, keys.map(() => ({ code: 'ERR_TIMEOUT', retryable: true, maybeExecuted: true })))
    } finally {
      server.kill('SIGCONT')
    }
    await until('it serves again', () => readAll(cache).then(() => true, () => false))
  })

  test('stores are one script for up to 32 behind the first', async () => {
    await using redis = await connect()
    const cache = new TypeSafeCache(redis, { namespace: fresh() })
    const tag = fresh('tag')
    const storeAll = () => Promise.all(keys.map((key) => cache.set(key, key, { tags: [tag] })))
    await storeAll()
    const { evalsha = 0, eval: texts = 0, set } = await sentBy(redis, storeAll)
    assert.deepEqual([texts, set], [0, 65])
    // The first may still have been there when the next came.
    assert.ok(evalsha === 2 || evalsha === 3, `${evalsha} scripts`)
  })

  test('stores to a server that hangs are each told so in time', async () => {
    await using redis = await connect({ commandTimeout: 200, breaker: false })
    const cache = new TypeSafeCache(redis, { namespace: fresh() })
    const storeAll = () => Promise.all(keys.map((key) => cache.set(key, key, { tags: ['t'] }).then(() => 'stored', ({ code, maybeExecuted }) => ({ code, maybeExecuted }))))
    await until('the script is known', async () => (await storeAll()).every((told) => told === 'stored'))
    server.kill('SIGSTOP')
    try {
      assert.deepEqual(await storeAll(), keys.map(() => ({ code: 'ERR_TIMEOUT', maybeExecuted: true })))
    } finally {
      server.kill('SIGCONT')
    }
    await until('it stores again', async () => (await storeAll()).every((told) => told === 'stored'))
  })

  test('of an open circuit are each refused', async () => {
    await using redis = await connect({ commandTimeout: 50, breaker: { openMs: 60_000 } })
    const cache = new TypeSafeCache(redis, { namespace: fresh() })
    server.kill('SIGSTOP')
    try {
      await until('the circuit is open', async () => (await Promise.allSettled(keys.map((key) => cache.get(key))), redis.metrics().breaker.state === 'open'))
      const before = redis.metrics().breaker.rejected
      const told = await Promise.all(keys.map((key) => cache.get(key).catch(({ code }) => code)))
      assert.deepEqual(told, keys.map(() => 'ERR_CIRCUIT_OPEN'))
      assert.equal(redis.metrics().breaker.rejected - before, keys.length)
    } finally {
      server.kill('SIGCONT')
    }
  })
})
