import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { TypeSafeCache, type CacheOptions, type FetchContext } from '../index.js'
import { onEveryBackend } from './support/backends'
import { deferred } from './support/cache-tools'
import { Fleet, heldSource, stored, storeStale } from './support/cache-fleet'
import { until } from './support/until'

onEveryBackend('how a value is loaded', (backend) => {
  const fleet = new Fleet(backend, 2)
  before(() => fleet.connect())
  const caches = (options?: CacheOptions) => fleet.caches(options) as [TypeSafeCache, TypeSafeCache]
  const pttl = (cache: TypeSafeCache, key: string) => backend.redis.command<number>('PTTL', stored(cache, key))
  /** A lease is given back, and nobody waits for that. */
  const isGone = (cache: TypeSafeCache, key: string) => until(`${key} is gone`, async () => (await pttl(cache, key)) === -2)

  test('softTimeoutMs gives the stale value when the load takes longer, and what it gives is stored', async () => {
    const [cache] = caches({ staleTtl: 600 })
    await storeStale(cache, '1', 'old')
    const source = heldSource()
    assert.equal(await cache.getOrSet('1', source.fetch, { softTimeoutMs: 20 }), 'old')
    source.finish('new')
    await until('it is stored', async () => (await cache.get('1')) === 'new')
    assert.deepEqual([source.loads, cache.metrics().staleHits], [1, 1])
  })

  test('softTimeoutMs gives what was loaded in time, and the stale value at once when the load fails', async () => {
    const [cache] = caches({ staleTtl: 600, softTimeoutMs: 60_000 })
    await storeStale(cache, '1', 'old')
    assert.equal(await cache.getOrSet('1', () => 'new'), 'new')
    await storeStale(cache, '1', 'old')
    assert.equal(await cache.getOrSet('1', () => Promise.reject(new Error('no database'))), 'old')
    assert.equal(await cache.getOrSet('1', () => assert.fail('loads rest')), 'old')
    assert.equal(cache.metrics().staleHits, 2)
  })

  test('without a stale value softTimeoutMs waits', async () => {
    const [cache] = caches({ staleTtl: 600, softTimeoutMs: 1 })
    const source = heldSource()
    const loading = cache.getOrSet('1', source.fetch)
    await source.begun
    await cache.getOrSet('2', () => 2)
    source.finish('loaded')
    assert.equal(await loading, 'loaded')
  })

  test('hardTimeoutMs rejects and aborts the signal of the fetcher; nothing is stored, and the next may load', async () => {
    const [cache, other] = caches({ waitMs: 60_000, leaseMs: 600_000 })
    let context!: FetchContext
    const late = deferred<string>()
    const loading = cache.getOrSet('1', (given) => {
      context = given
      assert.equal(given.signal.aborted, false)
      return late.promise
    }, { hardTimeoutMs: 20 })
    await assert.rejects(loading, { name: 'RedwrightError', code: 'ERR_LOAD_TIMEOUT' })
    assert.equal(context.signal.aborted, true)
    assert.equal(context.signal.reason.code, 'ERR_LOAD_TIMEOUT')
    assert.equal(await other.getOrSet('1', () => 'second'), 'second')
    late.resolve('late')
    assert.equal(await cache.get('1'), 'second')
  })

  test('hardTimeoutMs leaves the stale value, and is a failure', async () => {
    const told: any[] = []
    const [cache] = caches({ staleTtl: 600, hardTimeoutMs: 20, softTimeoutMs: 60_000, onError: (error: any) => told.push(error.code) })
    await storeStale(cache, '1', 'old')
    assert.equal(await cache.getOrSet('1', () => new Promise(() => {})), 'old')
    assert.equal(await cache.getOrSet('1', () => assert.fail('loads rest')), 'old')
    assert.deepEqual(told, ['ERR_LOAD_TIMEOUT'])
  })

  test('the signal of a load that ends in time is never aborted, also for whoever takes it later', async () => {
    const [cache] = caches({ hardTimeoutMs: 60_000 })
    let context!: FetchContext
    await cache.getOrSet('1', (given) => ((context = given), 1))
    assert.equal(context.signal.aborted, false)
  })

  test('setTtl goes over the options, setTtl of 0 and skip store nothing', async () => {
    const [cache] = caches({ ttl: 5 })
    await cache.getOrSet('long', ({ setTtl }) => (setTtl('1h'), 1))
    assert.ok((await pttl(cache, 'long')) > 3_000_000)
    await cache.getOrSet('endless', ({ setTtl }) => (setTtl(Infinity), 1))
    assert.equal(await pttl(cache, 'endless'), -1)
    assert.equal(await cache.getOrSet('zero', ({ setTtl }) => (setTtl(0), 1)), 1)
    assert.equal(await cache.getOrSet('skipped', ({ skip }) => (skip(), 1)), 1)
    assert.deepEqual(await cache.getMany(['zero', 'skipped']), [null, null])
    await isGone(cache, 'zero')
    await assert.rejects(cache.getOrSet('wrong', ({ setTtl }) => setTtl(-1)), RangeError)
    await isGone(cache, 'wrong')
  })

  test('setTags goes over the options', async () => {
    const [cache, other] = caches()
    const manager = fleet.manager(other)
    await cache.getOrSet('1', ({ setTags }) => (setTags(['mine']), 1), { tags: ['theirs'] })
    assert.equal(await manager.invalidateByTag('theirs'), 0)
    assert.equal(await cache.get('1'), 1)
    assert.equal(await manager.invalidateByTag('mine'), 1)
    assert.equal(await cache.get('1'), null)
  })

  test('tags that are none reject the caller, store nothing and hold up nobody', async () => {
    const [cache, other] = caches({ waitMs: 60_000, leaseMs: 600_000 })
    await assert.rejects(cache.getOrSet('1', () => 1, { tags: () => 5 as any }), TypeError)
    await assert.rejects(cache.getOrSetMany(['2'], () => new Map([['2', 1]]), { tags: () => 5 as any }), TypeError)
    await Promise.all([isGone(cache, '1'), isGone(cache, '2')])
    assert.equal(await other.getOrSet('2', () => 2), 2)
  })

  test('negativeTtl is the life of null, which has no stale life', async () => {
    const [cache] = caches({ ttl: 1000, staleTtl: 1000, negativeTtl: 5 })
    assert.equal(await cache.getOrSet('1', () => null), null)
    await cache.getOrSetMany<number | null>(['2', '3'], () => new Map<string, number | null>([['2', null], ['3', 3]]))
    for (const key of ['1', '2']) {
      const left = await pttl(cache, key)
      assert.ok(left > 0 && left <= 5000, `${key} lives ${left} ms`)
      assert.deepEqual(await cache.getOrSet<any>(key, () => assert.fail('a hit')), null)
    }
    assert.ok((await pttl(cache, '3')) > 1_900_000)
    assert.equal(cache.metrics().negativeHits, 2)
    assert.equal(await cache.getOrSet('4', () => null, { negativeTtl: 0 }), null)
    await isGone(cache, '4')
    await cache.set('5', null)
    assert.ok((await pttl(cache, '5')) > 1_900_000, 'what is set is not loaded')
  })

  test('earlyRefresh gives the fresh value and loads behind it, the likelier the longer loads take', async () => {
    const [cache, other] = caches({ ttl: '3s' })
    // A load of one second and a beta of 100: with three seconds left the chance of no refresh is 3 in 100 a read.
    const load = (value: string) => async () => {
      const begun = performance.now()
      await until('the load took its time', () => performance.now() - begun > 200)
      return value
    }
    assert.equal(await cache.getOrSet('1', load('first'), { earlyRefresh: 100 }), 'first')
    let refreshed = 'first'
    await until('it was loaded early', async () => {
      refreshed = await other.getOrSet('1', () => 'second', { earlyRefresh: 100 })
      return other.metrics().refreshes > 0 && refreshed === 'second'
    })
    assert.equal(await cache.get('1'), 'second')
  })

  test('without earlyRefresh a fresh value is never loaded', async () => {
    const [cache, other] = caches()
    await cache.getOrSet('1', () => 'first', { earlyRefresh: 100 })
    for (let i = 0; i < 100; i++) {
      for (const earlyRefresh of [false, 0]) {
        assert.equal(await other.getOrSet('1', () => assert.fail('it is fresh'), { earlyRefresh }), 'first')
      }
    }
    assert.equal(other.metrics().refreshes, 0)
  })

  test('forceFresh that fails leaves what was there as it was', async () => {
    const [cache] = caches()
    const values = [{ plain: 1 }, 'text', new Uint8Array([1, 2, 3]), Buffer.from('buffer')]
    for (const [i, value] of values.entries()) {
      const key = String(i)
      await cache.set(key, value, { ttl: 100 })
      const bytes = await backend.redis.command('GET', stored(cache, key))
      const source = heldSource()
      const forced = cache.getOrSet(key, source.fetch, { forceFresh: true })
      await source.begun
      assert.deepEqual(await cache.get(key), value)
      assert.equal(await cache.exists(key), true)
      const { ttlMs, stale, hit } = await cache.lookup(key)
      assert.ok(hit && !stale && ttlMs > 50_000 && ttlMs <= 100_000, `${ttlMs} ms`)
      source.fail(new Error('no database'))
      await assert.rejects(forced, /no database/)
      await until('it is as it was', async () => isDeepStrictEqual(await backend.redis.command('GET', stored(cache, key)), bytes))
      assert.deepEqual(await cache.get(key), value)
      const left = await pttl(cache, key)
      assert.ok(left > 50_000 && left <= 100_000, `${left} ms`)
    }
  })
})
