import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CacheManager, RedisRepository, TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { until } from './support/until'

const TTL = '1h'

onEveryBackend('tags', (backend) => {
  /** In a prefix of its own, so that no tag is another test's. */
  function aCache(options = {}): { pages: CacheManager; prefix: string } {
    const prefix = fresh('tags')
    return { pages: new CacheManager(backend.redis, { prefix, namespace: 'page', ttl: TTL, ...options }), prefix }
  }
  const present = async (cache: CacheManager, ...keys: string[]) => (await Promise.all(keys.map((key) => cache.get(key)))).map((value) => value !== null)

  test('say how many entries they were', async () => {
    const { pages } = aCache()
    for (const key of ['a', 'b', 'c']) await pages.cacheWithTags(key, key, TTL, ['all', key])
    assert.equal(await pages.invalidateByTag('nobody'), 0)
    assert.equal(await pages.invalidateByTag('b'), 1)
    assert.equal(await pages.invalidateByTag('b'), 0)
    assert.deepEqual(await present(pages, 'a', 'b', 'c'), [true, false, true])
    assert.equal(await pages.invalidateByTag('all'), 2)
    assert.deepEqual(await present(pages, 'a', 'b', 'c'), [false, false, false])
    assert.equal(await pages.invalidateByTags([]), 0)
  })

  for (const mode of ['delete', 'expire'] as const) {
    test(`any of several, or all of them: ${mode}`, async () => {
      const { pages } = aCache()
      const entries: [string, string[]][] = [['none', []], ['x', ['x']], ['y', ['y']], ['xy', ['x', 'y']], ['yxz', ['y', 'x', 'z']]]
      const keys = entries.map(([key]) => key)
      const store = () => Promise.all(entries.map(([key, tags]) => pages.cacheWithTags(key, 1, TTL, tags)))
      await store()
      assert.equal(await pages.invalidateByTags(['x', 'y'], { match: 'all', mode }), 2)
      assert.deepEqual(await present(pages, ...keys), [true, true, true, false, false])
      await store()
      // Each is counted once, whatever it carries.
      assert.equal(await pages.invalidateByTags(['x', 'y'], { match: 'any', mode }), 4)
      assert.deepEqual(await present(pages, ...keys), [true, false, false, false, false])
      await store()
      assert.equal(await pages.invalidateByTags(['z', 'y', 'nobody'], { match: 'all', mode }), 0)
      assert.equal(await pages.invalidateByTags(['z', 'x', 'z'], { match: 'all', mode }), 1)
    })
  }

  test("mode 'expire' keeps values for loads that fail and for lookup, to the end of their lives", async () => {
    const { pages, prefix } = aCache()
    await pages.cacheWithTags('a', 'kept', TTL, ['t'])
    assert.equal(await pages.invalidateByTag('t', { mode: 'expire' }), 1)
    assert.equal(await pages.invalidateByTag('t', { mode: 'expire' }), 0)
    const { hit, value, stale, ttlMs } = await pages.lookup('a')
    assert.deepEqual([hit, value, stale, ttlMs], [true, 'kept', true, 0])
    assert.ok((await backend.redis.command<number>('PTTL', `${prefix}:page:a`)) > 0)
    assert.equal(await pages.get('a'), null)
    assert.equal(await pages.getOrSet('a', () => Promise.reject(new Error('down')), { tags: ['t'], refreshThrottleMs: 0 }), 'kept')
    assert.equal(await pages.getOrSet('a', () => 'loaded', { tags: ['t'] }), 'loaded')
    assert.equal(await pages.get('a'), 'loaded')
  })

  test("mode 'delete' keeps nothing, also of what was kept before", async () => {
    const { pages } = aCache()
    await pages.cacheWithTags('a', 1, TTL, ['t'])
    await pages.invalidateByTag('t', { mode: 'expire' })
    assert.equal(await pages.invalidateByTag('t'), 1)
    assert.equal((await pages.lookup('a')).hit, false)
    await assert.rejects(pages.getOrSet('a', () => Promise.reject(new Error('down'))), { message: 'down' })
  })

  test('an entry that is stored anew carries its new tags only', async () => {
    const { pages } = aCache()
    const cache = new TypeSafeCache(backend.redis, { prefix: aCache().prefix })
    await pages.cacheWithTags('a', 1, TTL, ['old', 'both'])
    await pages.cacheWithTags('a', 2, TTL, ['both', 'new'])
    assert.equal(await pages.invalidateByTag('old'), 0)
    assert.equal(await pages.get('a'), 2)
    assert.equal(await pages.invalidateByTag('new'), 1)
    await pages.cacheWithTags('a', 3, TTL, ['t'])
    await pages.cacheWithTags('a', 4, TTL, [])
    assert.equal(await pages.invalidateByTag('t'), 0)
    assert.equal(await pages.get('a'), 4)
    assert.equal(await pages.getOrSet('b', () => 1, { tags: (value) => [`v${value}`] }), 1)
    assert.equal(await pages.getOrSet('b', () => 2, { tags: (value) => [`v${value}`], forceFresh: true }), 2)
    assert.equal(await pages.invalidateByTag('v1'), 0)
    assert.equal(await pages.invalidateByTag('v2'), 1)
    assert.equal(await cache.get('b'), null)
  })

  test('are shared by all classes and namespaces of a prefix, and by no other prefix', async () => {
    const { pages, prefix } = aCache()
    const other = aCache().pages
    const cache = new TypeSafeCache(backend.redis, { prefix, namespace: 'of:a%{cache}' })
    const users = new RedisRepository<{ team: string }>(backend.redis, 'user', { prefix, tags: ({ team }) => [team] })
    await pages.cacheWithTags('1', 1, TTL, ['red'])
    await pages.getOrSet('2', () => 1, { tags: ['red'], namespace: 'elsewhere' })
    await cache.set('1', 1, { tags: ['red'] })
    await cache.setMany([['2', 1], ['3', 1]], { tags: ['red', 'many'], namespace: 'third' })
    await cache.getOrSetMany(['4', '5'], (missing) => new Map(missing.map((key) => [key, 1])), { tags: ['red'] })
    await users.set('1', { team: 'red' })
    await users.set('2', { team: 'blue' })
    await other.cacheWithTags('1', 1, TTL, ['red'])
    assert.equal(await pages.invalidateByTag('red'), 8)
    assert.deepEqual([await cache.getMany(['1', '4', '5']), await cache.getMany(['2', '3'], 'third')], [[null, null, null], [null, null]])
    assert.deepEqual([await users.get('1'), await users.get('2')], [null, { team: 'blue' }])
    assert.equal(await other.get('1'), 1)
    assert.equal(await users.deleteByTag('blue'), 1)
  })

  if (backend.real) {
    test('reach what another process has stored, and copies that it has in memory', async () => {
      const { pages, prefix } = aCache()
      const second = await backend.connect()
      const near = new TypeSafeCache(second, { prefix, namespace: 'page', near: true })
      await near.set('a', 1, { tags: ['t'] })
      assert.equal(await near.get('a'), 1)
      assert.equal(await pages.invalidateByTag('t'), 1)
      await until('the copy is gone', () => near.peek('a') === undefined)
      assert.equal(await near.get('a'), null)
    })
  }
})
