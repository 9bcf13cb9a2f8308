import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { CacheManager, TypeSafeCache, type CacheOptions } from '../index.js'
import { onEveryBackend } from './support/backends'
import { Fleet, heldSource, storeStale } from './support/cache-fleet'

// What another client writes or invalidates while a value is loaded breaks the lease of the load.

onEveryBackend('a write by another client while a value is loaded', (backend) => {
  const fleet = new Fleet(backend, 2)
  before(() => fleet.connect())

  interface Other {
    cache: TypeSafeCache
    manager: CacheManager
  }
  type Write = (other: Other) => Promise<unknown>
  const writes: [what: string, write: Write, value: unknown][] = [
    ['set', ({ cache }) => cache.set('1', 'new'), 'new'],
    ['set with a stale life', ({ cache }) => cache.set('1', 'new', { staleTtl: 60 }), 'new'],
    ['set with tags', ({ cache }) => cache.set('1', 'new', { tags: ['b'] }), 'new'],
    ['set with a ttl of 0', ({ cache }) => cache.set('1', 'new', { ttl: 0 }), null],
    ['setMany', ({ cache }) => cache.setMany([['0', 'x'], ['1', 'new']]), 'new'],
    ['setMany with a stale life and tags', ({ cache }) => cache.setMany([['0', 'x'], ['1', 'new']], { staleTtl: 60, tags: ['b'] }), 'new'],
    ['del', ({ cache }) => cache.del('1'), null],
    ['deleteMany', ({ cache }) => cache.deleteMany(['0', '1']), null],
    ['deletePattern', ({ cache }) => cache.deletePattern('1*'), null],
    ['clear', ({ cache }) => cache.clear(), null],
    ['forceFresh', ({ cache }) => cache.getOrSet('1', () => 'new', { forceFresh: true }), 'new'],
    ['getOrSetMany with forceFresh', ({ cache }) => cache.getOrSetMany(['1'], () => new Map([['1', 'new']]), { forceFresh: true }), 'new'],
    ['getOrSet without a lease', ({ cache }) => cache.getOrSet('1', () => 'new', { lease: false }), 'new'],
    ['CacheManager.del', ({ manager }) => manager.del('1'), null],
  ]
  const invalidations: [what: string, write: Write][] = [
    ['invalidateByTag', ({ manager }) => manager.invalidateByTag('a')],
    ['invalidateByTag, expire', ({ manager }) => manager.invalidateByTag('a', { mode: 'expire' })],
    ['invalidateByTags, any', ({ manager }) => manager.invalidateByTags(['x', 'a'])],
    ['invalidateByTags, any, expire', ({ manager }) => manager.invalidateByTags(['x', 'a'], { mode: 'expire' })],
    ['invalidateByTags, all', ({ manager }) => manager.invalidateByTags(['a', 'b'], { match: 'all' })],
    ['invalidateByTags, all, expire', ({ manager }) => manager.invalidateByTags(['a', 'b'], { match: 'all', mode: 'expire' })],
  ]
  const tagged: [how: string, tags: string[] | (() => string[])][] = [['an array', ['a', 'b']], ['a function', () => ['a', 'b']]]

  const pair = (options?: CacheOptions) => {
    const [mine, cache] = fleet.caches(options) as [TypeSafeCache, TypeSafeCache]
    return { mine, other: { cache, manager: fleet.manager(mine) } }
  }

  for (const [what, write, value] of writes) {
    test(`${what}: what was loaded goes to its caller and is not stored, and later callers do not get it`, async () => {
      const { mine, other } = pair()
      const source = heldSource()
      const early = mine.getOrSet('1', source.fetch)
      await source.begun
      await write(other)
      const later = mine.getOrSet('1', () => 'loaded anew', { ttl: 0 })
      source.finish('old')
      assert.deepEqual(await Promise.all([early, later]), ['old', value ?? 'loaded anew'])
      assert.equal(await mine.get('1'), value)
      assert.equal(mine.metrics().stores, 0)
    })

    // Without a lease, too, a stale value is given at once, and loaded once.
    if (what !== 'getOrSet without a lease') test(`${what}: nor is what was loaded behind a stale value`, async () => {
      const { mine, other } = pair({ staleTtl: 60 })
      await storeStale(mine, '1', 'stale')
      const source = heldSource()
      assert.equal(await mine.getOrSet('1', source.fetch), 'stale')
      await source.begun
      await write(other)
      source.finish('old')
      // Behind the store of the load, on its way through the same client.
      const later = await mine.getOrSet('1', () => 'loaded anew', { ttl: 0, forceFresh: value === null })
      assert.equal(later, value ?? 'loaded anew')
      assert.equal(await mine.get('1'), value)
    })

    test(`${what}: nor is what was loaded for many`, async () => {
      const { mine, other } = pair()
      const source = heldSource<Map<string, string>>()
      const early = mine.getOrSetMany(['1', '2'], source.fetch)
      await source.begun
      await write(other)
      source.finish(new Map([['1', 'old'], ['2', 'two']]))
      assert.deepEqual(await early, new Map([['1', 'old'], ['2', 'two']]))
      assert.equal(await mine.get('1'), value)
      // `clear` has broken that lease, too.
      if (what !== 'clear') assert.equal(await mine.get('2'), 'two')
    })
  }

  for (const [what, write] of invalidations) {
    for (const [how, tags] of tagged) {
      test(`${what}: what was loaded is not stored with such tags, given as ${how}`, async () => {
        const { mine, other } = pair()
        const source = heldSource()
        const early = mine.getOrSet('1', source.fetch, { tags })
        const many = heldSource<Map<string, string>>()
        const earlyMany = mine.getOrSetMany(['2', '3'], many.fetch, { tags })
        await Promise.all([source.begun, many.begun])
        await write(other)
        source.finish('old')
        many.finish(new Map([['2', 'old'], ['3', 'old']]))
        assert.equal(await early, 'old')
        await earlyMany
        assert.deepEqual(await mine.getMany(['1', '2', '3']), [null, null, null])
        assert.equal(await mine.getOrSet('1', () => 'new', { tags }), 'new')
        assert.equal(await other.cache.get('1'), 'new')
      })
    }

    test(`${what}: nor over an entry that carries them, whatever tags the load has`, async () => {
      const { mine, other } = pair({ staleTtl: 60 })
      await mine.set('1', 'first', { tags: ['a', 'b'] })
      const source = heldSource()
      const early = mine.getOrSet('1', source.fetch, { forceFresh: true })
      await source.begun
      await write(other)
      source.finish('old')
      assert.equal(await early, 'old')
      assert.equal(await mine.get('1'), null)
    })

    test(`${what}: what has other tags is stored`, async () => {
      const { mine, other } = pair()
      const source = heldSource()
      const early = mine.getOrSet('1', source.fetch, { tags: ['c'] })
      await source.begun
      await write(other)
      source.finish('kept')
      assert.equal(await early, 'kept')
      assert.equal(await mine.get('1'), 'kept')
    })
  }

  test('tags that the fetcher names count from before it began', async () => {
    const { mine, other } = pair()
    await other.manager.invalidateByTag('named')
    const load = (context: any) => (context.setTags(['named']), 'kept')
    assert.equal(await mine.getOrSet('1', load, { tags: [] }), 'kept')
    assert.equal(await mine.get('1'), 'kept')
    assert.equal(await other.manager.invalidateByTag('named'), 1)
    const source = heldSource()
    const early = mine.getOrSet('2', async (context) => (context.setTags(['named']), source.fetch()), { tags: [] })
    await source.begun
    await other.manager.invalidateByTag('named')
    source.finish('old')
    assert.equal(await early, 'old')
    assert.equal(await mine.get('2'), null)
  })
})
