import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CacheManager, TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { tagKeys } from './support/tag-scripts'

const many = (count: number) => Array.from({ length: count }, (_, i) => `tag ${i}`)

onEveryBackend('names of tags', (backend) => {
  const aCache = () => new CacheManager(backend.redis, { prefix: fresh('input') })

  const odd = ['*', '?', '[a-z]', '\\*', ' ', 'two words', '{}', '}', '{', '{a}', 'a{b}c', '}{', 'a:b', '%', '%7B', '😀', 'é', 'e\u0301', '\n', '0', 'true', 'x'.repeat(10_240)]

  test('that are odd are names like any other', async () => {
    const cache = aCache()
    for (const [i, tag] of odd.entries()) await cache.cacheWithTags(String(i), tag, '1h', [tag, 'all'])
    for (const [i, tag] of odd.entries()) {
      assert.equal(await cache.invalidateByTag(tag), 1, tag.slice(0, 20))
      assert.equal(await cache.get(String(i)), null)
      if (i + 1 < odd.length) assert.equal(await cache.get(String(i + 1)), odd[i + 1])
    }
    for (const [i, tag] of odd.entries()) await cache.cacheWithTags(String(i), tag, '1h', [tag, 'all'])
    assert.equal(await cache.invalidateByTags(odd), odd.length)
  })

  test('may be 256, and are the same however often they are told', async () => {
    const cache = aCache()
    await cache.cacheWithTags('a', 1, '1h', many(256))
    assert.equal(await cache.get('a'), 1)
    assert.equal(await cache.invalidateByTags(many(256), { match: 'all' }), 1)
    await cache.cacheWithTags('a', 2, '1h', many(256))
    assert.equal(await cache.invalidateByTag('tag 255'), 1)
    await cache.cacheWithTags('a', 3, '1h', ['t', 't', 'u', 't'])
    assert.equal(await cache.invalidateByTags(['t', 'u', 't'], { match: 'all' }), 1)
  })

  const wrong: [what: string, tags: any, name: string][] = [
    ['257', many(257), 'RangeError'],
    ['10 000', many(10_000), 'RangeError'],
    ['none, but a string', 't', 'TypeError'],
    ['a set', new Set(['t']), 'TypeError'],
    ['null', null, 'TypeError'],
    ['a number', [1], 'TypeError'],
    ['a hole', Array(2), 'TypeError'],
    ['an empty string', ['t', ''], 'TypeError'],
    ['a NUL', ['a\0b'], 'TypeError'],
    ['half a character', ['\ud800'], 'TypeError'],
    ['64 KiB and more', ['x'.repeat(65_537)], 'RangeError'],
  ]
  for (const [what, tags, name] of wrong) {
    test(`that are wrong are refused before anything is sent: ${what}`, async () => {
      const cache = aCache()
      const plain = new TypeSafeCache(backend.redis)
      const refused = (error: any) => {
        assert.equal(error.name, name, error.message)
        assert.doesNotMatch(error.message, /xxx|tag 1/)
        return true
      }
      await assert.rejects(async () => cache.cacheWithTags('a', 1, '1h', tags), refused)
      await assert.rejects(async () => plain.set('a', 1, { tags: tags ?? 0 }), refused)
      await assert.rejects(async () => plain.setMany([['a', 1]], { tags: tags ?? 0 }), refused)
      await assert.rejects(async () => cache.getOrSet('a', () => assert.fail('not to be called'), { tags: tags ?? 0 }), refused)
      await assert.rejects(cache.invalidateByTags(tags), refused)
    })
  }

  test('options that are wrong are refused', async () => {
    const cache = aCache() as any
    for (const mode of ['remove', '', null, 1, true]) {
      await assert.rejects(cache.invalidateByTag('t', { mode }), { name: 'TypeError', message: /options\.mode/ })
      await assert.rejects(cache.invalidateByTags(['t'], { mode }), { name: 'TypeError', message: /options\.mode/ })
    }
    for (const match of ['some', '', null, 1]) await assert.rejects(cache.invalidateByTags(['t'], { match }), { name: 'TypeError', message: /options\.match/ })
    await assert.rejects(cache.invalidateByTag('t', { match: 'all' }), { name: 'TypeError' })
    for (const tag of ['', 1, null, undefined, ['t'], 'a\0b']) await assert.rejects(cache.invalidateByTag(tag), { name: 'TypeError' })
    // Also where there is nothing to do.
    await assert.rejects(cache.invalidateByTags([], { mode: 'remove' }), { name: 'TypeError' })
  })

  for (const what of ['index', 'last'] as const) {
    test(`a foreign key in the place of the ${what} concerns its own callers only`, async () => {
      const prefix = fresh('input')
      const cache = new CacheManager(backend.redis, { prefix })
      const { index, last } = tagKeys(prefix, 'bad')
      await cache.cacheWithTags('before', 1, '1h', ['good'])
      await backend.redis.command('HSET', { index, last }[what], 'a', 1)
      const refused = { code: 'ERR_SERVER', serverCode: 'WRONGTYPE' }
      const settled = await Promise.allSettled([
        cache.cacheWithTags('a', 1, '1h', ['good']),
        cache.cacheWithTags('b', 1, '1h', ['good', 'bad']),
        cache.cacheWithTags('c', 1, '1h', ['good']),
      ])
      // A plain store does not ask for the last invalidation.
      const isStored = what === 'last'
      assert.deepEqual(settled.map(({ status }) => status), ['fulfilled', isStored ? 'fulfilled' : 'rejected', 'fulfilled'])
      if (!isStored) {
        const { code, serverCode } = (settled[1] as PromiseRejectedResult).reason
        assert.deepEqual({ code, serverCode }, refused)
      }
      assert.equal(await cache.get('b'), isStored ? 1 : null)
      await assert.rejects(cache.invalidateByTag('bad'), refused)
      // It is left where it was found.
      assert.equal(await backend.redis.command('HGET', { index, last }[what], 'a'), '1')
      assert.equal(await cache.invalidateByTag('good'), isStored ? 4 : 3)
      const errors: string[] = []
      const telling = new CacheManager(backend.redis, { prefix, onError: (_, { operation }) => errors.push(operation) })
      assert.equal(await telling.getOrSet('d', () => 'loaded', { tags: ['bad'] }), 'loaded')
      assert.deepEqual([errors, await telling.get('d')], [['set'], null])
    })
  }
})
