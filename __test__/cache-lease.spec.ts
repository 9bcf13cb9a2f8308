import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { Fleet, heldSource, stored } from './support/cache-fleet'
import { until } from './support/until'

onEveryBackend('a load in a fleet', (backend) => {
  const fleet = new Fleet(backend, 3)
  before(() => fleet.connect())
  const hasMissed = (cache: TypeSafeCache) => until('it has looked', () => cache.metrics().misses > 0)
  const missed = { hit: false, value: null, stale: false, ageMs: null, ttlMs: 0 }

  test('is one for all clients, and all get its value', async () => {
    const caches = fleet.caches()
    const source = heldSource()
    const callers = caches.flatMap((cache) => Array.from({ length: 20 }, () => cache.getOrSet('1', source.fetch)))
    await source.begun
    await Promise.all(caches.map(hasMissed))
    source.finish('loaded')
    assert.deepEqual(new Set(await Promise.all(callers)), new Set(['loaded']))
    assert.equal(source.loads, 1)
    assert.equal(caches.reduce((sum, cache) => sum + cache.metrics().loads, 0), 1)
    assert.equal(await caches[2]!.get('1'), 'loaded')
  })

  test('that a caller of a later turn joins in the same process, without a question of its own', async () => {
    const [cache] = fleet.caches() as [TypeSafeCache]
    const source = heldSource<object>()
    const first = cache.getOrSet('1', source.fetch)
    await source.begun
    const later = cache.getOrSet('1', () => assert.fail('there is a load to join'))
    await until('it has joined', () => cache.metrics().coalesced === 1)
    source.finish({})
    assert.equal(await later, await first)
    assert.equal(cache.metrics().leaseWaits, 0)
  })

  test('that fails lets one of those who wait load', async () => {
    const [one, other, third] = fleet.caches() as [TypeSafeCache, TypeSafeCache, TypeSafeCache]
    const failing = heldSource()
    const first = one.getOrSet('1', failing.fetch)
    await failing.begun
    const source = heldSource()
    const waiting = [other.getOrSet('1', source.fetch), third.getOrSet('1', source.fetch)]
    await Promise.all([hasMissed(other), hasMissed(third)])
    failing.fail(new Error('no database'))
    await assert.rejects(first, /no database/)
    await source.begun
    source.finish('from the second')
    assert.deepEqual(await Promise.all(waiting), ['from the second', 'from the second'])
    assert.equal(source.loads, 1)
  })

  test('of undefined, and one that says skip, let the next load at once', async () => {
    const [one, other] = fleet.caches({ waitMs: 60_000, leaseMs: 600_000 }) as [TypeSafeCache, TypeSafeCache]
    assert.equal(await one.getOrSet('1', () => undefined), undefined)
    assert.equal(await other.getOrSet('1', ({ skip }) => (skip(), 'skipped')), 'skipped')
    assert.equal(await one.getOrSet('1', () => 'kept'), 'kept')
    assert.equal(await other.get('1'), 'kept')
  })

  test('is waited for no longer than waitMs; what is loaded then is given, not stored, and breaks no lease', async () => {
    const [one, other] = fleet.caches() as [TypeSafeCache, TypeSafeCache]
    const source = heldSource()
    const first = one.getOrSet('1', source.fetch)
    await source.begun
    const loads = async (waitMs: number) => {
      assert.equal(await other.getOrSet('1', () => 'own', { waitMs }), 'own')
      assert.equal(await other.get('1'), null)
    }
    await loads(0)
    // Where asking for the lease takes all of that time there is none left to wait.
    await until('it is waited for', async () => loads(30).then(() => other.metrics().leaseWaits === 1))
    assert.deepEqual([other.metrics().stores, other.metrics().leaseWaits], [0, 1])
    source.finish('loaded')
    assert.equal(await first, 'loaded')
    assert.equal(await other.get('1'), 'loaded')
  })

  test('is not waited for with `lease: false`, whose value is the one that is stored', async () => {
    const [one, other] = fleet.caches() as [TypeSafeCache, TypeSafeCache]
    const source = heldSource()
    const first = one.getOrSet('1', source.fetch)
    await source.begun
    assert.equal(await other.getOrSet('1', () => 'own', { lease: false }), 'own')
    assert.equal(await one.getOrSet('1', () => assert.fail('a hit')), 'own')
    source.finish('loaded')
    assert.equal(await first, 'loaded')
    assert.equal(await one.get('1'), 'own')
  })

  test('is not joined in the same process with `lease: false`', async () => {
    const [cache] = fleet.caches() as [TypeSafeCache]
    const source = heldSource()
    const first = cache.getOrSet('1', source.fetch)
    await source.begun
    assert.equal(await cache.getOrSet('1', () => 'own', { lease: false }), 'own')
    source.finish('loaded')
    assert.equal(await first, 'loaded')
  })

  test('leaves a miss for all other reads while it lasts', async () => {
    const [one, other] = fleet.caches() as [TypeSafeCache, TypeSafeCache]
    const source = heldSource()
    const loading = one.getOrSet('1', source.fetch)
    await source.begun
    for (const cache of [one, other]) {
      assert.equal(await cache.get('1'), null)
      assert.deepEqual(await cache.getMany(['1', '2']), [null, null])
      assert.equal(await cache.exists('1'), false)
      assert.deepEqual(await cache.lookup('1'), missed)
    }
    const life = await backend.redis.command<number>('PTTL', stored(one, '1'))
    assert.ok(life > 0 && life <= 10_000, `the lease lives ${life} ms`)
    source.finish('loaded')
    await loading
  })

  test('that outlives its lease is given and not stored over what came meanwhile', async () => {
    const [one, other] = fleet.caches({ leaseMs: 50 }) as [TypeSafeCache, TypeSafeCache]
    const source = heldSource()
    const first = one.getOrSet('1', source.fetch)
    await source.begun
    assert.equal(await other.getOrSet('1', () => 'second'), 'second')
    source.finish('first')
    assert.equal(await first, 'first')
    assert.equal(await one.get('1'), 'second')
  })

  test('that hangs delays a later call by its lease, not by how long it hangs', async () => {
    const [one, other] = fleet.caches({ leaseMs: 100, waitMs: 60_000 }) as [TypeSafeCache, TypeSafeCache]
    const source = heldSource()
    const hanging = one.getOrSet('1', source.fetch)
    await source.begun
    assert.equal(await other.getOrSet('1', () => 'second'), 'second')
    assert.equal(await one.getOrSet('1', () => assert.fail('a hit')), 'second')
    source.finish('late')
    await hanging
  })

  test('of a value that cannot be used is waited for, too', async () => {
    const caches = fleet.caches({ schema: textSchema })
    await caches[0]!.set('1', 42)
    const source = heldSource()
    const callers = caches.map((cache) => cache.getOrSet('1', source.fetch))
    await source.begun
    await Promise.all(caches.map(hasMissed))
    // So that all have been answered whether they may load.
    for (let i = 0; i < 10; i++) await Promise.all(caches.map((cache) => cache.lookup('other')))
    assert.equal(source.loads, 1)
    source.finish('text')
    assert.deepEqual(await Promise.all(callers), ['text', 'text', 'text'])
    assert.equal(await caches[1]!.get('1'), 'text')
  })
})

const textSchema = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value: unknown) => (typeof value === 'string' ? { value } : { issues: [{ message: 'no text' }] }),
  },
} as const
