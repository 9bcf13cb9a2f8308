import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { TypeSafeCache, type CacheOptions } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh, sentBy, warm } from './support/cache-tools'
import { heldSource, stored, storeStale } from './support/cache-fleet'

onEveryBackend('getOrSetMany', (backend) => {
  before(() => warm(backend.redis))
  const newCache = (options?: CacheOptions) => new TypeSafeCache(backend.redis, { namespace: fresh(), ...options })
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i))
  /** Gives each key in capitals, and tells what it was asked for. */
  function upper() {
    const asked: string[][] = []
    const load = (missing: string[]) => {
      asked.push(missing)
      return new Map(missing.map((key) => [key, `loaded ${key}`]))
    }
    return { asked, load }
  }

  test('gives what is there and loads the rest with one call, in the order of the keys', async () => {
    const cache = newCache()
    await cache.setMany<unknown>([['a', 1], ['c', null], ['e', new Uint8Array([1])]])
    const { asked, load } = upper()
    const given = await cache.getOrSetMany<any>(['d', 'c', 'b', 'a', 'e'], load)
    assert.deepEqual([...given], [['d', 'loaded d'], ['c', null], ['b', 'loaded b'], ['a', 1], ['e', new Uint8Array([1])]])
    assert.deepEqual(asked, [['d', 'b']])
    assert.deepEqual(await cache.getMany(['b', 'd']), ['loaded b', 'loaded d'])
    assert.deepEqual([...(await cache.getOrSetMany<any>(['b', 'd'], () => assert.fail('all hits'))).keys()], ['b', 'd'])
    assert.deepEqual([cache.metrics().loads, cache.metrics().stores], [1, 5])
  })

  // A cluster has one script a slot.
  if (backend.real && !backend.name.includes('cluster')) {
    test('is one MGET on hits, and a script to ask and one to store where something is missing', async () => {
      await warm(backend.redis)
      const cache = newCache()
      const { load } = upper()
      const sent = await sentBy(backend.redis, () => cache.getOrSetMany(numbers(20), load))
      assert.deepEqual([sent.mget, sent.evalsha, sent.get], [1, 2, undefined])
      assert.deepEqual(await sentBy(backend.redis, () => cache.getOrSetMany(numbers(20), load)), { mget: 1 })
    })
  }

  test('of no keys, and of keys given twice', async () => {
    const cache = newCache()
    assert.deepEqual(await cache.getOrSetMany([], () => assert.fail('nothing is missing')), new Map())
    const { asked, load } = upper()
    assert.deepEqual([...(await cache.getOrSetMany(['a', 'b', 'a', 'b'], load)).keys()], ['a', 'b'])
    assert.deepEqual(asked, [['a', 'b']])
  })

  test('of 10 000 keys, then half of them again', async () => {
    const cache = newCache({ timeoutMs: 60_000 })
    const keys = numbers(10_000)
    const { asked, load } = upper()
    const given = await cache.getOrSetMany(keys, load)
    assert.equal(given.size, 10_000)
    assert.equal(asked.length, 1)
    await cache.deleteMany(keys.filter((_, i) => i % 2 === 1))
    const again = await cache.getOrSetMany(keys, load)
    assert.deepEqual([...again.entries()], keys.map((key) => [key, `loaded ${key}`]))
    assert.deepEqual(asked.map((list) => list.length), [10_000, 5_000])
  })

  test('what the fetcher does not give is not in the result, and may be loaded at once', async () => {
    const cache = newCache({ waitMs: 60_000, leaseMs: 600_000 })
    const partial = () => new Map<string, any>([['a', 1], ['c', undefined], ['not asked for', 5]])
    assert.deepEqual(await cache.getOrSetMany(['a', 'b', 'c'], partial), new Map([['a', 1]]))
    assert.deepEqual(await cache.getMany(['a', 'b', 'c', 'not asked for']), [1, null, null, null])
    assert.equal(await cache.getOrSet('b', () => 2), 2)
    assert.equal(await cache.getOrSet('c', () => 3), 3)
    assert.deepEqual(await cache.getMany(['b', 'c']), [2, 3])
  })

  test('a fetcher that fails rejects with its own error, and all may be loaded at once', async () => {
    const cache = newCache({ waitMs: 60_000, leaseMs: 600_000 })
    const failure = new Error('no database')
    for (const fail of [() => Promise.reject(failure), () => { throw failure }]) {
      await assert.rejects(cache.getOrSetMany(numbers(300), fail), (error) => error === failure)
    }
    assert.deepEqual(cache.metrics().loadFailures, 2)
    const { load } = upper()
    assert.equal((await cache.getOrSetMany(numbers(300), load)).size, 300)
    assert.deepEqual(await cache.getMany(['0', '299']), ['loaded 0', 'loaded 299'])
  })

  test('what is no Map is a TypeError, and a Map of another realm is one', async () => {
    const cache = newCache({ waitMs: 60_000, leaseMs: 600_000 })
    for (const wrong of [undefined, null, {}, [['a', 1]], new Set(['a'])]) {
      await assert.rejects(cache.getOrSetMany(['a'], () => wrong as any), { name: 'TypeError', code: 'ERR_INVALID_ARG', message: /a Map/ })
    }
    assert.equal(await cache.exists('a'), false)
    assert.deepEqual(await cache.getOrSetMany(['a'], () => runInNewContext("new Map([['a', 1]])")), new Map([['a', 1]]))
    assert.equal(await cache.get('a'), 1)
  })

  test('a value that cannot be stored keeps no other from it', async () => {
    const told: string[] = []
    const cache = newCache({ waitMs: 60_000, leaseMs: 600_000, onError: (_, { key, operation }) => told.push(`${operation} ${key}`) })
    const given = await cache.getOrSetMany<any>(['a', 'b', 'c'], () => new Map<string, any>([['a', 1], ['b', 2n], ['c', 3]]))
    assert.deepEqual(given, new Map<string, any>([['a', 1], ['b', 2n], ['c', 3]]))
    assert.deepEqual(await cache.getMany(['a', 'b', 'c']), [1, null, 3])
    assert.deepEqual(told, ['set b'])
    assert.equal(await cache.getOrSet('b', () => 2), 2)
  })

  test('a ttl of 0 stores nothing, setTtl and skip count for all', async () => {
    const cache = newCache()
    const { load } = upper()
    assert.equal((await cache.getOrSetMany(['a', 'b'], load, 0)).size, 2)
    assert.equal((await cache.getOrSetMany(['a', 'b'], (keys, { skip }) => (skip(), load(keys)))).size, 2)
    assert.deepEqual(await cache.getMany(['a', 'b']), [null, null])
    await cache.getOrSetMany(['a', 'b'], (keys, { setTtl }) => (setTtl(5), load(keys)))
    for (const key of ['a', 'b']) assert.ok((await cache.lookup(key)).ttlMs <= 5000)
  })

  test('forceFresh loads all, whatever is there', async () => {
    const cache = newCache()
    await cache.setMany([['a', 'old'], ['b', 'old']])
    const { asked, load } = upper()
    await cache.getOrSetMany(['a', 'b', 'c'], load, { forceFresh: true })
    assert.deepEqual(asked, [['a', 'b', 'c']])
    assert.deepEqual(await cache.getMany(['a', 'b', 'c']), ['loaded a', 'loaded b', 'loaded c'])
  })

  test('hardTimeoutMs is that of the one call, and its signal aborts', async () => {
    const cache = newCache({ waitMs: 60_000, leaseMs: 600_000 })
    let signal!: AbortSignal
    const hang = (_: string[], context: any) => {
      signal = context.signal
      return new Promise<Map<string, string>>(() => {})
    }
    await assert.rejects(cache.getOrSetMany(['a', 'b'], hang, { hardTimeoutMs: 20 }), { code: 'ERR_LOAD_TIMEOUT' })
    assert.equal(signal.aborted, true)
    assert.equal(await cache.getOrSet('b', () => 2), 2)
  })

  test('a caller that gives up leaves the load, and one that had before starts nothing', async () => {
    const cache = newCache()
    const controller = new AbortController()
    const source = heldSource<Map<string, string>>()
    const loading = cache.getOrSetMany(['a'], source.fetch, { signal: controller.signal })
    await source.begun
    controller.abort('enough')
    await assert.rejects(loading, (error) => error === 'enough')
    source.finish(new Map([['a', 'loaded']]))
    assert.equal(await cache.getOrSet('a', () => assert.fail('it is being stored'), { waitMs: 60_000 }), 'loaded')
    const signal = AbortSignal.abort('before')
    await assert.rejects(cache.getOrSetMany(['b'], () => assert.fail('loads'), { signal }), (error) => error === 'before')
  })

  test('stale values are given when the load fails and there is one for each key, and only then', async () => {
    const cache = newCache({ staleTtl: 600 })
    await storeStale(cache, 'a', 'old a')
    await storeStale(cache, 'b', 'old b')
    const fail = () => Promise.reject(new Error('no database'))
    await assert.rejects(cache.getOrSetMany(['a', 'c'], fail, { refreshThrottleMs: 0 }), /no database/)
    await assert.rejects(cache.getOrSetMany(['a', 'b'], fail, { staleTtl: 0, refreshThrottleMs: 0 }), /no database/)
    assert.deepEqual(await cache.getOrSetMany(['a', 'b'], fail), new Map([['a', 'old a'], ['b', 'old b']]))
    const left = await backend.redis.command<number>('PTTL', stored(cache, 'a'))
    assert.ok(left > 0 && left <= 600_000)
    // Loads of `a` rest; only what nobody has is loaded.
    const { asked, load } = upper()
    assert.deepEqual(await cache.getOrSetMany(['a', 'c'], load), new Map([['a', 'old a'], ['c', 'loaded c']]))
    assert.deepEqual(asked, [['c']])
  })

  test('entries that cannot be used are replaced', async () => {
    const cache = newCache()
    await backend.redis.command('SET', stored(cache, 'a'), Buffer.from([0xff, 0xfe]))
    const { asked, load } = upper()
    for (let i = 0; i < 2; i++) assert.deepEqual((await cache.getOrSetMany(['a', 'b'], load)).get('a'), 'loaded a')
    assert.deepEqual(asked, [['a', 'b']])
    assert.equal(await cache.get('a'), 'loaded a')
  })

  test('a key that holds no string is loaded each time and never overwritten', async () => {
    const cache = newCache()
    await backend.redis.command('RPUSH', stored(cache, 'list'), 'x')
    const { asked, load } = upper()
    for (let i = 0; i < 2; i++) assert.equal((await cache.getOrSetMany(['list', 'a'], load)).size, 2)
    assert.deepEqual(asked, [['list', 'a'], ['list']])
    assert.equal(await backend.redis.command('LLEN', stored(cache, 'list')), 1)
  })

  test('wrong arguments are refused before anything is sent', async () => {
    const cache = newCache()
    await assert.rejects(cache.getOrSetMany('a' as any, () => new Map()), TypeError)
    await assert.rejects(cache.getOrSetMany(['a', 5 as any], () => new Map()), TypeError)
    await assert.rejects(cache.getOrSetMany(['a'], 5 as any), TypeError)
    await assert.rejects(cache.getOrSetMany(['a'], () => new Map(), { stale: 5 } as any), TypeError)
    assert.equal(cache.metrics().misses, 0)
  })
})
