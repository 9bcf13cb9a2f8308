import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { TypeSafeCache, type CacheOptions, type FetchContext } from '../index.js'
import { onEveryBackend } from './support/backends'
import { deferred, fresh, sentBy, warm } from './support/cache-tools'

onEveryBackend('getOrSet', (backend) => {
  before(() => warm(backend.redis))
  const newCache = (options?: CacheOptions) => new TypeSafeCache(backend.redis, { namespace: fresh(), ...options })

  test('loads on a miss, stores, and does not load on a hit', async () => {
    const cache = newCache()
    assert.deepEqual(await cache.getOrSet('1', () => ({ n: 1 })), { n: 1 })
    assert.deepEqual(await cache.getOrSet('1', () => ({ n: 2 })), { n: 1 })
    assert.deepEqual(await cache.get('1'), { n: 1 })
    assert.equal(cache.metrics().loads, 1)
  })

  test('tells the fetcher its key and namespace', async () => {
    const cache = newCache()
    const context = ({ key, namespace }: FetchContext) => ({ key, namespace })
    assert.deepEqual(await cache.getOrSet('k', context), { key: 'k', namespace: cache.namespace })
    assert.deepEqual(await cache.getOrSet('k', context, { namespace: 'other', ttl: 1 }), { key: 'k', namespace: 'other' })
  })

  test('a thousand callers at once share one read, one load and one write', async () => {
    const cache = newCache()
    let loads = 0
    const callers = () => Promise.all(Array.from({ length: 1000 }, () => cache.getOrSet('1', async () => ++loads)))
    const both = async () => {
      assert.deepEqual(new Set(await callers()), new Set([1]))
      assert.deepEqual(new Set(await callers()), new Set([1]))
    }
    // Two scripts, one that asks for the lease and one that stores, do the rest.
    if (backend.real) assert.deepEqual(await sentBy(backend.redis, both), { get: 2, evalsha: 2, getrange: 1, set: 2 })
    else await both()
    assert.deepEqual([cache.metrics().loads, cache.metrics().coalesced], [1, 1998])
  })

  test('callers through two objects of one client share a load', async () => {
    const one = newCache()
    const other = newCache({ namespace: one.namespace })
    const elsewhere = newCache({ namespace: one.namespace, prefix: 'elsewhere' })
    const got = await Promise.all([one, other, elsewhere].map((cache, i) => cache.getOrSet('1', () => i)))
    assert.deepEqual(got, [0, 0, 2])
  })

  test('callers of other keys and namespaces do not wait for each other', async () => {
    const cache = newCache()
    const stuck = deferred<string>()
    const first = cache.getOrSet('1', () => stuck.promise)
    assert.equal(await cache.getOrSet('2', () => 'two'), 'two')
    assert.equal(await cache.getOrSet('1', () => 'one', { namespace: fresh() }), 'one')
    stuck.resolve('at last')
    assert.equal(await first, 'at last')
  })

  test('a fetcher that fails rejects all its callers with its own error, once, and the next call loads again', async () => {
    const cache = newCache()
    const failure = new Error('no database')
    let loads = 0
    const fail = async () => {
      loads++
      throw failure
    }
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => cache.getOrSet('1', fail)))
    for (const result of results) assert.ok(result.status === 'rejected' && result.reason === failure)
    assert.equal(loads, 1)
    assert.equal(await cache.exists('1'), false)
    assert.equal(await cache.getOrSet('1', () => 'back'), 'back')
    assert.equal(cache.metrics().loadFailures, 1)
  })

  for (const reason of [undefined, null, 0, false, '']) {
    test(`a fetcher that rejects with ${JSON.stringify(reason) ?? 'undefined'} has failed`, async () => {
      const cache = newCache()
      const settled = await Promise.allSettled([1, 2].map(() => cache.getOrSet('1', () => Promise.reject(reason))))
      assert.deepEqual(settled, [{ status: 'rejected', reason }, { status: 'rejected', reason }])
      assert.deepEqual([await cache.exists('1'), cache.metrics().loadFailures], [false, 1])
    })
  }

  test('a fetcher that throws at once rejects, and throws at nobody', async () => {
    const cache = newCache()
    const failure = new TypeError('bug')
    const thrower = () => {
      throw failure
    }
    for (const forceFresh of [false, true]) {
      await assert.rejects(cache.getOrSet('1', thrower, { forceFresh }), (error) => error === failure)
    }
  })

  test('undefined is returned and not stored, null is a value', async () => {
    const cache = newCache()
    assert.equal(await cache.getOrSet('1', () => undefined), undefined)
    assert.equal(await cache.exists('1'), false)
    assert.equal(await cache.getOrSet('1', async () => null), null)
    assert.equal(await cache.getOrSet<unknown>('1', () => 'not asked'), null)
    assert.deepEqual([cache.metrics().loads, cache.metrics().stores], [2, 1])
  })

  test('forceFresh loads and stores whatever is there, and joins nobody', async () => {
    const cache = newCache()
    await cache.set('1', 'old')
    assert.equal(await cache.getOrSet('1', () => 'new', { forceFresh: true }), 'new')
    assert.equal(await cache.getOrSet('1', () => 'not asked'), 'new')
    const stuck = deferred<string>()
    const begun = deferred()
    const early = cache.getOrSet('2', () => {
      begun.resolve()
      return stuck.promise
    })
    await begun.promise
    assert.equal(await cache.getOrSet('2', () => 'fresh', { forceFresh: true }), 'fresh')
    stuck.resolve('early')
    assert.equal(await early, 'early')
    assert.equal(await cache.get('2'), 'fresh')
  })

  test('a caller that gives up leaves the others and the load alone', async () => {
    const cache = newCache()
    const loading = deferred()
    const loaded = deferred<string>()
    const fetch = () => {
      loading.resolve()
      return loaded.promise
    }
    const [leaver, starter] = [new AbortController(), new AbortController()]
    const started = cache.getOrSet('1', fetch, { signal: starter.signal })
    const left = cache.getOrSet('1', fetch, { signal: leaver.signal })
    const stays = cache.getOrSet('1', fetch)
    await loading.promise
    const reason = { why: 'enough' }
    leaver.abort(reason)
    await assert.rejects(left, (error) => error === reason)
    starter.abort(reason)
    await assert.rejects(started, (error) => error === reason)
    loaded.resolve('value')
    assert.equal(await stays, 'value')
    assert.equal(await cache.get('1'), 'value')
  })

  test('a caller that had given up before starts nothing', async () => {
    const cache = newCache()
    const signal = AbortSignal.abort('before')
    await assert.rejects(cache.getOrSet('1', () => assert.fail('loads'), { signal }), (error) => error === 'before')
    assert.deepEqual([cache.metrics().loads, cache.metrics().misses], [0, 0])
  })

  test('a signal that comes too late changes nothing', async () => {
    const cache = newCache()
    const controller = new AbortController()
    assert.equal(await cache.getOrSet('1', () => 1, { signal: controller.signal }), 1)
    controller.abort()
    assert.equal(await cache.getOrSet('1', () => 2), 1)
  })

  test('a value that cannot be stored is returned all the same, and onError is told', async () => {
    const told: unknown[] = []
    const cache = newCache({ maxValueBytes: 100, onError: (error: any, info) => told.push(error.name, error.code, info) })
    const cyclic: any = {}
    cyclic.self = cyclic
    assert.equal(await cache.getOrSet('1', () => cyclic), cyclic)
    assert.equal(await cache.getOrSet('2', () => 3n), 3n)
    const long = 'x'.repeat(100)
    assert.equal(await cache.getOrSet('3', () => long), long)
    const info = (key: string) => ({ operation: 'set', key, namespace: cache.namespace })
    const names = ['TypeError', 'TypeError', 'RangeError']
    assert.deepEqual(told, names.flatMap((name, i) => [name, 'ERR_INVALID_ARG', info(String(i + 1))]))
    assert.deepEqual(await cache.getMany(['1', '2', '3']), [null, null, null])
    assert.deepEqual([cache.metrics().errors, cache.metrics().stores], [3, 0])
  })

  test('a key that holds no string is loaded each time and never overwritten, and onError is told', async () => {
    const told: any[] = []
    const cache = newCache({ onError: (error: any, { operation }) => told.push([error.code, error.serverCode, operation]) })
    const key = `cache:${cache.namespace}:list`
    await backend.redis.command('RPUSH', key, 'a')
    assert.equal(await cache.getOrSet('list', () => 'loaded'), 'loaded')
    assert.deepEqual(told, [['ERR_SERVER', 'WRONGTYPE', 'get']])
    assert.equal(await backend.redis.command('LLEN', key), 1)
    await assert.rejects(cache.get('list'), { name: 'RedwrightError', code: 'ERR_SERVER', serverCode: 'WRONGTYPE', message: /WRONGTYPE/ })
    assert.deepEqual(await cache.getMany(['list']), [null])
  })

  test('an onError that throws, or is async and rejects, breaks no caller and is warned of once', async (t) => {
    const warnings: string[] = []
    t.mock.method(process, 'emitWarning', (message: string) => warnings.push(message))
    for (const onError of [() => assert.fail('bug'), async () => assert.fail('bug')]) {
      const cache = newCache({ onError })
      const values = await Promise.all([1n, 2n, 3n].map((value, i) => cache.getOrSet(String(i), () => value)))
      assert.deepEqual(values, [1n, 2n, 3n])
    }
    assert.deepEqual(warnings, Array(2).fill("a cache's onError threw; this is said once"))
  })
})
