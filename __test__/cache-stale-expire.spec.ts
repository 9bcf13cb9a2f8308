import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { TypeSafeCache, type CacheOptions } from '../index.js'
import { onEveryBackend } from './support/backends'
import { Fleet, heldSource } from './support/cache-fleet'
import { until } from './support/until'

onEveryBackend("what a tag's invalidation with `mode: 'expire'` leaves", (backend) => {
  const fleet = new Fleet(backend, 3)
  before(() => fleet.connect())

  async function expired(options?: CacheOptions, value: unknown = 'old') {
    const [cache, other] = fleet.caches(options) as [TypeSafeCache, TypeSafeCache]
    await cache.set('1', value, { tags: ['t'] })
    await cache.set('2', value, { tags: ['t'] })
    assert.equal(await fleet.manager(cache).invalidateByTag('t', { mode: 'expire' }), 2)
    return { cache, other }
  }
  const fail = () => Promise.reject(new Error('no database'))

  test('is a miss for all reads but lookup, and is loaded anew', async () => {
    const { cache, other } = await expired()
    assert.deepEqual([await other.get('1'), await other.exists('1'), await other.getMany(['1'])], [null, false, [null]])
    const { hit, value, stale, ttlMs } = await other.lookup('1')
    assert.deepEqual({ hit, value, stale, ttlMs }, { hit: true, value: 'old', stale: true, ttlMs: 0 })
    assert.equal(await other.getOrSet('1', () => 'new'), 'new')
    assert.equal(await cache.get('1'), 'new')
  })

  test('is given when the load fails, also without a stale life; then loads rest', async () => {
    const told: string[] = []
    const { cache, other } = await expired({ onError: (error, { operation }) => told.push(operation) })
    assert.equal(await other.getOrSet('1', fail), 'old')
    assert.equal(await cache.getOrSet('1', () => assert.fail('loads rest')), 'old')
    assert.equal(await cache.get('1'), null)
    assert.deepEqual(told, ['load'])
  })

  test('is given when a load without a lease fails', async () => {
    const { other } = await expired()
    assert.equal(await other.getOrSet('1', fail, { lease: false }), 'old')
  })

  test('is loaded once by all, who wait for it', async () => {
    const { cache, other } = await expired()
    const source = heldSource()
    const callers = [cache.getOrSet('1', source.fetch), other.getOrSet('1', source.fetch)]
    await source.begun
    await until('both have looked', () => cache.metrics().misses > 0 && other.metrics().misses > 0)
    const joined = cache.getOrSet('1', source.fetch)
    source.finish('new')
    assert.deepEqual(await Promise.all([...callers, joined]), ['new', 'new', 'new'])
    assert.equal(source.loads, 1)
  })

  test('is given after softTimeoutMs, to the loader and to those who wait for it, while the load goes on', async () => {
    const { cache, other } = await expired()
    const source = heldSource()
    const first = cache.getOrSet('1', source.fetch, { softTimeoutMs: 20 })
    await source.begun
    const second = other.getOrSet('1', source.fetch, { softTimeoutMs: 20, waitMs: 60_000 })
    assert.deepEqual(await Promise.all([first, second]), ['old', 'old'])
    source.finish('new')
    await until('it is stored', async () => (await other.get('1')) === 'new')
    assert.equal(source.loads, 1)
    assert.deepEqual([cache.metrics().staleHits, other.metrics().staleHits], [1, 1])
  })

  test('is given by getOrSetMany when the load fails and there is one for each key', async () => {
    const { cache, other } = await expired()
    assert.deepEqual(await other.getOrSetMany(['2', '1'], fail), new Map([['2', 'old'], ['1', 'old']]))
    assert.deepEqual(await cache.getOrSetMany(['1', '2'], () => assert.fail('loads rest')), new Map([['1', 'old'], ['2', 'old']]))
    assert.equal(cache.metrics().staleHits, 2)
    await assert.rejects(other.getOrSetMany(['3', '1'], fail), /no database/)
  })

  test('is given as the schema makes it, or not at all', async () => {
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: any) => (value?.version === 2 ? { value } : { issues: [{ message: 'another version' }] }),
      },
    } as const
    const migrate = (value: any) => (value.version === 1 ? { ...value, version: 2 } : undefined)
    const cases: [stored: unknown, given: unknown][] = [[{ version: 1 }, { version: 2 }], [{ version: 0 }, 'rejected']]
    for (const [value, given] of cases) {
      const { cache, other } = await expired({}, value)
      const typed = new TypeSafeCache(backend.redis, { namespace: cache.namespace, schema, migrate })
      assert.deepEqual(await typed.getOrSet('1', fail).catch(() => 'rejected'), given)
      const many = await typed.getOrSetMany(['2'], fail).then((map) => map.get('2'), () => 'rejected')
      assert.deepEqual(many, given)
      assert.equal((await other.lookup('1')).hit, true)
    }
  })
})
