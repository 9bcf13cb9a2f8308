import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { TypeSafeCache, type CacheOptions } from '../index.js'
import { onEveryBackend } from './support/backends'
import { deferred } from './support/cache-tools'
import { Fleet, heldSource, stored, storeStale } from './support/cache-fleet'
import { until } from './support/until'

onEveryBackend('a stale value', (backend) => {
  const fleet = new Fleet(backend, 3)
  before(() => fleet.connect())
  const caches = (options?: CacheOptions) => fleet.caches({ staleTtl: 600, ...options }) as [TypeSafeCache, TypeSafeCache, TypeSafeCache]
  const pttl = (cache: TypeSafeCache, key: string) => backend.redis.command<number>('PTTL', stored(cache, key))

  test('is given at once to all, while one in the fleet loads; then all get the new one', async () => {
    const all = caches()
    await storeStale(all[0], '1', 'old')
    const source = heldSource()
    for (let round = 0; round < 5; round++) {
      const given = await Promise.all(all.flatMap((cache) => [cache.getOrSet('1', source.fetch), cache.getOrSet('1', source.fetch)]))
      assert.deepEqual(new Set(given), new Set(['old']))
    }
    await source.begun
    source.finish('new')
    for (const cache of all) await until('the new one is there', async () => (await cache.get('1')) === 'new')
    assert.deepEqual(await Promise.all(all.map((cache) => cache.getOrSet('1', source.fetch))), ['new', 'new', 'new'])
    assert.equal(source.loads, 1)
  })

  test('that many read at once is loaded once, however fast the load is', async () => {
    for (let round = 0; round < 30; round++) {
      const all = caches()
      await storeStale(all[0], '1', 'old')
      let loads = 0
      const load = () => {
        loads++
        return 'new'
      }
      const given = await Promise.all(all.map((cache) => cache.getOrSet('1', load)))
      assert.deepEqual(given, ['old', 'old', 'old'])
      for (const cache of all) await until('it was loaded', async () => (await cache.get('1')) === 'new')
      assert.equal(loads, 1, `in round ${round}`)
    }
  })

  test('is a miss for get, getMany and exists, and lookup says what it is', async () => {
    const [cache, other] = caches()
    await storeStale(cache, '1', 'old')
    for (const reader of [cache, other]) {
      assert.equal(await reader.get('1'), null)
      assert.deepEqual(await reader.getMany(['1']), [null])
      assert.equal(await reader.exists('1'), false)
      const { ageMs, ...rest } = await reader.lookup('1')
      assert.deepEqual(rest, { hit: true, value: 'old', stale: true, ttlMs: 0 })
      assert.ok(ageMs! >= 1 && ageMs! < 600_000, `${ageMs} ms old`)
    }
  })

  test('is stale for every read behind the first one that finds it so', async () => {
    const [cache, other] = caches()
    const reads: [name: string, isStale: () => Promise<boolean>][] = [
      ['get', async () => (await cache.get('1')) === null],
      ['lookup', async () => (await other.lookup('1')).stale],
      ['exists', async () => !(await cache.exists('1'))],
      ['getMany', async () => (await other.getMany(['1']))[0] === null],
      ['the ttl of lookup', async () => (await cache.lookup('1')).ttlMs === 0],
    ]
    for (let round = 0; round < 20; round++) {
      await cache.set('1', round, { ttl: '15ms' })
      let found: string | undefined
      for (let i = round; found === undefined || i % reads.length !== round % reads.length; i++) {
        const [name, isStale] = reads[i % reads.length]!
        const stale = await isStale()
        if (found !== undefined) assert.equal(stale, true, `${name} finds it fresh, where ${found} found it stale`)
        else if (stale) found = name
      }
    }
  })

  test('is a miss for a caller who takes none', async () => {
    const [cache, other] = caches()
    await storeStale(cache, '1', 'old')
    assert.equal(await other.getOrSet('1', () => 'new', { staleTtl: 0 }), 'new')
    assert.equal(await cache.get('1'), 'new')
  })

  test('is waited for, not loaded twice, by a caller who takes none', async () => {
    const [cache, other] = caches()
    await storeStale(cache, '1', 'old')
    const source = heldSource()
    assert.equal(await cache.getOrSet('1', source.fetch), 'old')
    await source.begun
    const waiting = other.getOrSet('1', source.fetch, { staleTtl: 0 })
    await until('it has looked', () => other.metrics().misses > 0)
    source.finish('new')
    assert.equal(await waiting, 'new')
    assert.equal(source.loads, 1)
  })

  test('is gone at the end of its stale life', async () => {
    const [cache] = caches()
    await cache.set('1', 'old', { ttl: '1ms', staleTtl: '50ms' })
    await until('it is gone', async () => !(await cache.lookup('1')).hit)
    assert.equal(await cache.getOrSet('1', () => 'new'), 'new')
  })

  test('has a life of ttl and staleTtl, whatever stored it', async () => {
    const [cache] = caches()
    const life = { ttl: 100, staleTtl: 50 }
    await cache.set('set', 1, life)
    await cache.setMany([['setMany', 1]], life)
    await cache.getOrSet('getOrSet', () => 1, life)
    await cache.getStale('getStale', () => 1, { ttl: 100, staleTTL: 50 })
    await cache.getOrSetMany(['getOrSetMany'], () => new Map([['getOrSetMany', 1]]), life)
    await cache.getOrSet('setTtl', ({ setTtl }) => (setTtl(100, 50), 1), { ttl: 1, staleTtl: 0 })
    for (const key of ['set', 'setMany', 'getOrSet', 'getStale', 'getOrSetMany', 'setTtl']) {
      const left = await pttl(cache, key)
      assert.ok(left > 50_000 + 40_000 && left <= 150_000, `${key} lives ${left} ms`)
      const { ttlMs, stale } = await cache.lookup(key)
      assert.ok(!stale && ttlMs > 40_000 && ttlMs <= 100_000, `${key} is fresh for ${ttlMs} ms`)
    }
  })

  test('getStale gives it as getOrSet does', async () => {
    const [cache, other] = fleet.caches() as [TypeSafeCache, TypeSafeCache]
    await storeStale(cache, '1', 'old')
    assert.equal(await other.getStale('1', () => 'new', { ttl: 60, staleTTL: 60 }), 'old')
    await until('it was loaded', async () => (await cache.get('1')) === 'new')
  })

  test('whose load fails is given on, and nobody loads again for refreshThrottleMs; its life gets no longer', async () => {
    const told: unknown[] = []
    const all = caches({ onError: (error, { operation }) => told.push([error.message, operation]) })
    await storeStale(all[0], '1', 'old')
    const before = await pttl(all[0], '1')
    const failed = deferred()
    const given = await all[0].getOrSet('1', () => {
      failed.resolve()
      throw new Error('no database')
    })
    assert.equal(given, 'old')
    await failed.promise
    await until('the failure was told', () => told.length > 0)
    for (let round = 0; round < 5; round++) {
      for (const cache of all) assert.equal(await cache.getOrSet('1', () => assert.fail('loads rest')), 'old')
    }
    assert.deepEqual(told, [['no database', 'load']])
    const left = await pttl(all[0], '1')
    assert.ok(left > 0 && left <= before, `${left} ms are left of ${before}`)
    // Whoever insists is not held up.
    assert.equal(await all[1].getOrSet('1', () => 'new', { forceFresh: true }), 'new')
    assert.equal(await all[2].get('1'), 'new')
  })

  test('is loaded again when refreshThrottleMs is over, and again, and its life gets no longer', async () => {
    const [cache, other] = caches({ refreshThrottleMs: 20 })
    await storeStale(cache, '1', 'old')
    let last = await pttl(cache, '1')
    let failures = 0
    const fail = () => {
      failures++
      throw new Error('no database')
    }
    await until('it failed five times', async () => {
      for (const one of [cache, other]) assert.equal(await one.getOrSet('1', fail), 'old')
      const left = await pttl(cache, '1')
      assert.ok(left <= last, `${left} ms are left, where there were ${last}`)
      last = left
      return failures >= 5
    })
    await until('it was loaded', async () => (await cache.getOrSet('1', () => 'new')) === 'new')
  })

  test('keeps its life while it is loaded, and where the load is given up', async () => {
    const [cache] = caches()
    await storeStale(cache, '1', 'old')
    const before = await pttl(cache, '1')
    const source = heldSource<string | undefined>()
    await cache.getOrSet('1', source.fetch)
    await source.begun
    const during = await pttl(cache, '1')
    source.finish(undefined)
    await until('the lease is given back', async () => {
      const next = deferred<boolean>()
      await cache.getOrSet('1', ({ skip }) => (skip(), next.resolve(true)))
      return Promise.race([next.promise, cache.lookup('1').then(() => false)])
    })
    const after = await pttl(cache, '1')
    assert.ok(after > 0 && after <= during && during <= before, `${before}, ${during}, ${after}`)
  })

  test('whose load hangs is loaded again when the lease of that is over, in the same process too', async () => {
    const [cache, other] = caches({ leaseMs: 50 })
    await storeStale(cache, '1', 'old')
    const source = heldSource()
    assert.equal(await cache.getOrSet('1', source.fetch), 'old')
    await source.begun
    await until('it was loaded', async () => (await cache.getOrSet('1', () => 'new')) === 'new')
    source.finish('late')
    assert.equal(await other.get('1'), 'new')
  })

  test('jitter shortens the ttl and not the stale life', async () => {
    const [cache] = caches({ jitter: 1, ttl: 100, staleTtl: 1000 })
    const keys = Array.from({ length: 50 }, (_, i) => String(i))
    await cache.setMany(keys.map((key) => [key, 1]))
    const lives = await Promise.all(keys.map((key) => pttl(cache, key)))
    for (const left of lives) assert.ok(left > 900_000 && left <= 1_100_000, `${left} ms`)
    assert.ok(Math.max(...lives) - Math.min(...lives) > 20_000, 'each has its own')
  })
})
