import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CacheManager, type GetOrSetOptions, TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { deferred, fresh } from './support/cache-tools'
import { askAllBehind } from './support/servers-behind'

// A load that began before an invalidation may hold what was true before it. These fail where the epoch is not asked for before the load, or
// not held against the last invalidation when it is stored.

onEveryBackend('a tag is invalidated while a value is loaded', (backend) => {
  async function loading(cache: CacheManager, options: GetOrSetOptions) {
    const begun = deferred()
    const source = deferred<string>()
    const early = cache.getOrSet('a', () => {
      begun.resolve()
      return source.promise
    }, options)
    await begun.promise
    return { early, finish: () => source.resolve('old') }
  }
  const kinds: [what: string, GetOrSetOptions][] = [
    ['tags that were told before', { tags: ['t', 'u'] }],
    ['tags that follow from the value', { tags: () => ['t', 'u'] }],
  ]
  const invalidations: [what: string, (cache: CacheManager) => Promise<number>][] = [
    ['one tag, delete', (cache) => cache.invalidateByTag('t')],
    ['one tag, expire', (cache) => cache.invalidateByTag('t', { mode: 'expire' })],
    ['any, delete', (cache) => cache.invalidateByTags(['x', 'u'])],
    ['any, expire', (cache) => cache.invalidateByTags(['x', 'u'], { mode: 'expire' })],
    ['all, delete', (cache) => cache.invalidateByTags(['t', 'u'], { match: 'all' })],
    ['all, expire', (cache) => cache.invalidateByTags(['u', 't'], { match: 'all', mode: 'expire' })],
  ]
  for (const [what, options] of kinds) {
    for (const [which, invalidate] of invalidations) {
      test(`${what}: what was loaded is not stored (${which})`, async () => {
        const prefix = fresh('loads')
        const cache = new CacheManager(backend.redis, { prefix })
        // Over another client, as in another process.
        const other = new CacheManager(await second(), { prefix })
        const { early, finish } = await loading(cache, options)
        assert.equal(await invalidate(other), 0)
        finish()
        assert.equal(await early, 'old')
        assert.equal(await other.get('a'), null)
        // And nobody waits for a lease that has come to nothing.
        assert.equal(await other.getOrSet('a', () => 'new', options), 'new')
        assert.equal(await cache.get('a'), 'new')
        assert.equal(await other.invalidateByTag('t'), 1)
      })
    }

    for (const where of ['this process', 'another process'] as const) {
      test(`${what}: who asks after the invalidation by ${where} does not get what was loaded before`, async () => {
        const prefix = fresh('loads')
        const cache = new CacheManager(backend.redis, { prefix })
        const { early, finish } = await loading(cache, options)
        await new CacheManager(where === 'this process' ? backend.redis : await second(), { prefix }).invalidateByTag('t')
        const later = cache.getOrSet('a', () => 'new', options)
        const many = new TypeSafeCache(backend.redis, { prefix }).getOrSetMany(['a'], () => new Map([['a', 'new']]), options)
        finish()
        assert.deepEqual([await early, await later, (await many).get('a')], ['old', 'new', 'new'])
      })
    }

    test(`${what}: behind a stale value too`, async () => {
      const prefix = fresh('loads')
      const cache = new CacheManager(backend.redis, { prefix })
      await cache.cacheWithTags('a', 'stale', '1h', ['v'])
      await cache.invalidateByTag('v', { mode: 'expire' })
      const { early, finish } = await loading(cache, options)
      await new CacheManager(await second(), { prefix }).invalidateByTag('t')
      finish()
      assert.equal(await early, 'old')
      assert.equal(await cache.get('a'), null)
      assert.equal((await cache.lookup('a')).value, 'stale')
      assert.equal(await cache.getOrSet('a', () => 'new', options), 'new')
      assert.equal(await cache.get('a'), 'new')
    })
  }

  test('all is flushed while a value is loaded: it is not stored, and tags go on', async () => {
    const cache = new CacheManager(backend.redis, { prefix: fresh('loads') })
    await cache.cacheWithTags('b', 1, '1h', ['t'])
    await cache.invalidateByTag('t')
    const { early, finish } = await loading(cache, { tags: ['t'] })
    await askAllBehind(backend.redis, 'FLUSHALL')
    finish()
    assert.equal(await early, 'old')
    assert.equal(await cache.get('a'), null)
    assert.equal(await cache.getOrSet('a', () => 'new', { tags: ['t'] }), 'new')
    assert.equal(await cache.get('a'), 'new')
    assert.equal(await cache.invalidateByTag('t'), 1)
  })

  let other: ReturnType<typeof backend.connect> | undefined
  const second = () => (other ??= backend.connect())
})
