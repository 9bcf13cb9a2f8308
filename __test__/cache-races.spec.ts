import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { deferred, fresh } from './support/cache-tools'

// A load that began before a write may hold what was true before it. These fail where `Flights.revoke` and `revokeAll` do nothing,
// as with a single flight that knows of no writes: the old value ends up in the cache, or in the hands of a later caller.

onEveryBackend('a write while a value is loaded', (backend) => {
  /** A load under way in `cache`, whose source is then changed. */
  async function loading(cache: TypeSafeCache, key = '1') {
    const begun = deferred()
    const source = deferred<string>()
    const early = cache.getOrSet(key, () => {
      begun.resolve()
      return source.promise
    })
    await begun.promise
    return { early, finish: () => source.resolve('old') }
  }

  const writes: [what: string, write: (cache: TypeSafeCache) => Promise<unknown>, stored: unknown][] = [
    ['set', (cache) => cache.set('1', 'new'), 'new'],
    ['set with a ttl of 0', (cache) => cache.set('1', 'new', { ttl: 0 }), null],
    ['setMany', (cache) => cache.setMany([['0', 'x'], ['1', 'new']]), 'new'],
    ['setMany with a ttl of 0', (cache) => cache.setMany([['1', 'new']], { ttl: 0 }), null],
    ['del', (cache) => cache.del('1'), null],
    ['delete', (cache) => cache.delete('1'), null],
    ['deleteMany', (cache) => cache.deleteMany(['0', '1']), null],
    ['deletePattern', (cache) => cache.deletePattern('1*'), null],
    ['clear', (cache) => cache.clear(), null],
    ['forceFresh', (cache) => cache.getOrSet('1', () => 'new', { forceFresh: true }), 'new'],
    ['a call that names the namespace', (cache) => cache.del('1', cache.namespace), null],
    ['another object over the client', (cache) => new TypeSafeCache(backend.redis, { namespace: cache.namespace }).del('1'), null],
  ]
  for (const [what, write, stored] of writes) {
    test(`${what}: what was loaded before is not stored, and later callers do not get it`, async () => {
      const cache = new TypeSafeCache(backend.redis, { namespace: fresh() })
      const { early, finish } = await loading(cache)
      await write(cache)
      const later = cache.getOrSet('1', () => 'loaded anew', { ttl: 0 })
      finish()
      assert.deepEqual(await Promise.all([early, later]), ['old', stored ?? 'loaded anew'])
      assert.equal(await cache.get('1'), stored)
    })

    test(`${what}: nor when it is not waited for`, async () => {
      const cache = new TypeSafeCache(backend.redis, { namespace: fresh() })
      const { early, finish } = await loading(cache)
      const written = write(cache)
      finish()
      await Promise.all([early, written])
      assert.equal(await cache.get('1'), stored)
    })
  }

  test('a load after the write is stored, though the earlier one ends later', async () => {
    const cache = new TypeSafeCache(backend.redis, { namespace: fresh() })
    const { early, finish } = await loading(cache)
    await cache.del('1')
    assert.equal(await cache.getOrSet('1', () => 'new'), 'new')
    finish()
    assert.equal(await early, 'old')
    assert.equal(await cache.get('1'), 'new')
  })

  test('a write after a load has been handed over is the last word', async () => {
    const cache = new TypeSafeCache(backend.redis, { namespace: fresh() })
    for (let i = 0; i < 50; i++) {
      const { early, finish } = await loading(cache, String(i))
      finish()
      // So many steps later the write of the load may be due, on its way, or done.
      for (let step = 0; step < i % 10; step++) await Promise.resolve()
      await Promise.all([cache.set(String(i), 'new'), early])
      assert.equal(await cache.get(String(i)), 'new')
    }
  })

  test('writes to other keys and namespaces leave a load alone', async () => {
    const cache = new TypeSafeCache(backend.redis, { namespace: fresh() })
    const { early, finish } = await loading(cache)
    await Promise.all([cache.del('2'), cache.set('1', 'x', { namespace: fresh() }), cache.deletePattern('*', fresh())])
    const joined = cache.getOrSet('1', () => assert.fail('there is a load to join'))
    finish()
    assert.deepEqual(await Promise.all([early, joined]), ['old', 'old'])
    assert.equal(await cache.get('1'), 'old')
  })

  test('the end of a load that was overtaken does not end the one that took its place', async () => {
    const cache = new TypeSafeCache(backend.redis, { namespace: fresh() })
    const { early, finish } = await loading(cache)
    await cache.del('1')
    const second = await loading(cache)
    finish()
    await early
    const joined = cache.getOrSet('1', () => assert.fail('there is a load to join'))
    second.finish()
    assert.equal(await joined, 'old')
  })
})
