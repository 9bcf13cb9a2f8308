import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { CacheManager, ResilientCache, TypeSafeCache } from '../index.js'
import { metricsText } from '../prometheus.js'
import { onEveryBackend } from './support/backends'
import { deferred, fresh } from './support/cache-tools'
import { eventsOf } from './support/events-of'
import { copied } from './support/near-tools'
import { until } from './support/until'

const { sources } = createRequire(import.meta.url)('../lib/registry.js')
const figures = (name: string): any => new Map<string, any>(sources('cache')).get(name)

onEveryBackend('what a cache tells of itself', (backend) => {
  const newCache = (more = {}) => {
    const name = fresh('name')
    return { name, cache: new TypeSafeCache(backend.redis, { name, namespace: fresh(), ...more }) }
  }

  test('each read, store, load and deletion is told once, with its count', async () => {
    const { name, cache } = newCache({ ttl: 60 })
    using events = eventsOf(name)
    const step = async (work: () => unknown, expected: Record<string, number>) => {
      await work()
      assert.deepEqual(events.take(), expected, String(work))
    }
    await step(() => cache.get('a'), { miss: 1 })
    await step(() => cache.set('a', 1), { store: 1 })
    await step(() => cache.get('a'), { hit: 1 })
    await step(() => cache.setMany([['b', 2], ['c', null]]), { store: 2 })
    await step(() => cache.get('c'), { negative: 1 })
    await step(() => cache.getMany(['a', 'b', 'c', 'd', 'e']), { hit: 2, negative: 1, miss: 2 })
    await step(() => cache.lookup('a'), { hit: 1 })
    await step(() => cache.getOrSet('a', () => 2), { hit: 1 })
    await step(() => cache.getOrSet('f', () => 2), { miss: 1, load: 1, store: 1 })
    await step(() => cache.getOrSet('g', () => undefined), { miss: 1, load: 1 })
    await step(() => assert.rejects(cache.getOrSet('g', () => Promise.reject(new Error('no')))), { miss: 1, 'load:error': 1 })
    await step(() => cache.getOrSet('a', () => 2, { forceFresh: true }), { load: 1, store: 1 })
    await step(() => cache.getOrSetMany(['a', 'h', 'i'], () => new Map([['h', 1], ['i', 2]])), { hit: 1, miss: 2, load: 1, store: 2 })
    await step(() => assert.rejects(cache.getOrSetMany(['j'], () => Promise.reject(new Error('no')))), { miss: 1, 'load:error': 1 })
    await step(() => cache.del('a'), { invalidate: 1 })
    await step(() => cache.deleteMany(['b', 'none']), { invalidate: 1 })
    await step(() => cache.set('c', 1, { ttl: 0 }), { invalidate: 1 })
    await step(() => cache.deletePattern('[fhi]'), { invalidate: 3 })
    await step(() => cache.set('tagged', 1, { tags: ['t'] }), { store: 1 })
    await step(() => cache.peek('tagged'), {})
    // It is told by the name of who invalidates.
    using others = eventsOf('tags')
    assert.equal(await new CacheManager(backend.redis, { name: 'tags', namespace: cache.namespace }).invalidateByTag('t'), 1)
    assert.deepEqual([events.take(), others.take()], [{}, { invalidate: 1 }])
  })

  test('a stale answer is told as such', async () => {
    const { name, cache } = newCache({ ttl: '1ms', staleTtl: 60 })
    await cache.set('k', 1)
    await until('it is stale', async () => (await cache.lookup('k')).stale)
    using events = eventsOf(name)
    const gate = deferred<number>()
    assert.equal(await cache.getOrSet('k', () => gate.promise), 1)
    assert.deepEqual(events.take(), { stale: 1 })
    gate.resolve(2)
    await until('the refresh is stored', () => events.told.some(({ event }) => event === 'store'))
    const { load, store } = events.take()
    assert.deepEqual({ load, store }, { load: 1, store: 1 })
    assert.equal(cache.metrics().staleHits, 1)
  })

  test('answers from memory are told, and counted by themselves', async () => {
    const { name, cache } = newCache({ near: true })
    await cache.set('k', 1)
    await cache.set('null', null)
    await copied(cache, 'k')
    await copied(cache, 'null')
    const before = cache.metrics()
    using events = eventsOf(name)
    await cache.get('k')
    cache.peek('k')
    await cache.getOrSet('null', () => 1)
    assert.deepEqual(events.take(), { hit: 2, negative: 1 })
    const { hits, nearHits } = cache.metrics()
    assert.deepEqual([hits - before.hits, nearHits - before.nearHits], [0, 3])
  })

  test('payloads are as documented: the name, and figures', async () => {
    const { name, cache } = newCache()
    using events = eventsOf(name)
    await cache.getOrSet('k', () => 1)
    await cache.getOrSet('k', () => 1)
    await assert.rejects(cache.getOrSet('l', () => Promise.reject(new Error('no'))))
    await cache.del('k')
    const seen = new Map(events.told.map(({ event, message }) => [event, message]))
    for (const event of ['hit', 'miss', 'store', 'invalidate'] as const) assert.deepEqual(seen.get(event), { cache: name, count: 1 })
    for (const event of ['load', 'load:error'] as const) {
      const { durationMs, ...rest } = seen.get(event)
      assert.deepEqual(rest, { cache: name })
      assert.ok(Number.isFinite(durationMs) && durationMs >= 0)
    }
  })

  test('counters are right after a scripted day, by name, in every door', async () => {
    const { name, cache } = newCache({ ttl: 60, near: true })
    const twin = new ResilientCache(backend.redis, { name, namespace: fresh() })
    await cache.get('none') // 1 miss
    await cache.set('a', 'x'.repeat(1000)) // 1 store
    await cache.getOrSet('a', () => 1) // 1 hit
    await cache.getMany(['a', 'b', 'c']) // 1 hit, 2 misses
    const gate = deferred<string>()
    const loading = Array.from({ length: 5 }, () => cache.getOrSet('load', () => gate.promise)) // 1 miss, 4 coalesced
    gate.resolve('loaded')
    await Promise.all(loading) // 1 load, 1 store
    await assert.rejects(cache.getOrSet('fails', () => Promise.reject(new Error('no')))) // 1 miss, 1 load, 1 failure
    await cache.getOrSet('null', () => null, { negativeTtl: 60 }) // 1 miss, 1 load, 1 store
    await cache.getMany(['null']) // 1 negative hit
    await twin.setMany([['a', 1], ['b', 2]]) // 2 stores
    await twin.get('a') // 1 hit
    const { loadMs, bytesRead, bytesWritten, nearEntries, nearBytes, nearHits, ...rest } = figures(name)
    const zero = { staleHits: 0, refreshes: 0, leaseWaits: 0, unreadable: 0, schemaMisses: 0, errors: 0, degraded: 0, nearEvictions: 0 }
    const expected = { hits: 4, negativeHits: 1, misses: 6, loads: 3, loadFailures: 1, coalesced: 4, stores: 5 }
    assert.deepEqual(rest, { ...zero, ...expected })
    assert.ok(loadMs > 0 && bytesRead > 2000 && bytesWritten > 1000 && nearEntries >= 1 && nearBytes > 1000 && nearHits === 0)
    const text = metricsText().split('\n')
    for (const [metric, value] of Object.entries({ hits: 4, misses: 6, loads: 3, load_failures: 1, negative_hits: 1, stores: 5, coalesced: 4 })) {
      assert.ok(text.includes(`redwright_cache_${metric}_total{cache="${name}"} ${value}`), metric)
    }
  })

  test('waiting for the load of another process is counted', async () => {
    const { cache } = newCache()
    const other = new TypeSafeCache(await backend.connect(), { namespace: cache.namespace })
    const [begun, gate] = [deferred(), deferred<string>()]
    const loading = other.getOrSet('k', () => (begun.resolve(), gate.promise))
    await begun.promise
    const waiting = cache.getOrSet('k', () => assert.fail('another loads it'))
    await until('it has read', () => cache.metrics().misses === 1)
    gate.resolve('theirs')
    assert.deepEqual(await Promise.all([loading, waiting]), ['theirs', 'theirs'])
    const { leaseWaits, loads, hits } = cache.metrics()
    assert.ok(leaseWaits <= 1 && loads === 0 && hits === 1)
  })

  test('a cache that is collected keeps its counters', async () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc')
    const name = fresh('lost')
    const ref = await (async () => {
      const cache = new TypeSafeCache(backend.redis, { name, namespace: fresh(), near: true })
      await cache.set('k', 1)
      await cache.get('k')
      return new WeakRef(cache)
    })()
    await until('it is collected', () => {
      gc()
      return ref.deref() === undefined
    })
    const { hits, stores, bytesRead, nearEntries } = figures(name)
    assert.ok(hits === 1 && stores === 1 && bytesRead > 0 && nearEntries === undefined)
  })
})
