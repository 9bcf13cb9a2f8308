import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { TypeSafeCache, type CacheOptions } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { Fleet, stored } from './support/cache-fleet'
import { until } from './support/until'

const T = fresh('tag')
const U = fresh('tag')

onEveryBackend('many entries with a stale life and tags', (backend) => {
  const fleet = new Fleet(backend, 2)
  before(() => fleet.connect())
  const caches = (options?: CacheOptions) => fleet.caches(options) as [TypeSafeCache, TypeSafeCache]
  const values: [string, unknown][] = [
    ['text', 'Größe'], ['null', null], ['object', { a: [1] }], ['bytes', new Uint8Array([0, 255])], ['buffer', Buffer.from('b')], ['empty', ''],
  ]
  const keys = values.map(([key]) => key)

  const manners: [how: string, options: { staleTtl?: number; tags?: string[] }][] = [
    ['nothing else', {}],
    ['a stale life', { staleTtl: 50 }],
    ['tags', { tags: [T, U, T] }],
    ['both', { staleTtl: 50, tags: [T] }],
  ]
  for (const [how, options] of manners) {
    test(`come back as they were, with ${how}`, async () => {
      const [cache, other] = caches()
      await cache.setMany(values, { ttl: 100, ...options })
      assert.deepEqual(await other.getMany([...keys, 'missing']), [...values.map(([, value]) => value), null])
      for (const [key, value] of values) {
        assert.deepEqual(await other.get(key), value)
        const { ttlMs, hit, stale } = await other.lookup(key)
        assert.ok(hit && !stale && ttlMs > 50_000 && ttlMs <= 100_000, `${key} is fresh for ${ttlMs} ms`)
        const left = await backend.redis.command<number>('PTTL', stored(cache, key))
        assert.ok(left <= 100_000 + (options.staleTtl ?? 0) * 1000 && left > 50_000 + (options.staleTtl ?? 0) * 1000, `${key} lives ${left} ms`)
      }
      const manager = fleet.manager(cache)
      if (options.tags !== undefined) assert.equal(await manager.invalidateByTag(T), values.length)
      assert.equal(await other.deleteMany([...keys, 'missing']), options.tags === undefined ? values.length : 0)
      assert.deepEqual(await cache.getMany(keys), keys.map(() => null))
    })
  }

  test('a key given twice has the last value', async () => {
    const [cache, other] = caches()
    const twice = Array.from({ length: 200 }, (_, i): [string, number] => [String(i % 10), i])
    for (const options of [{}, { staleTtl: 50 }, { tags: [fresh('tag')] }]) {
      await cache.setMany(twice, options)
      assert.deepEqual(await other.getMany(Array.from({ length: 10 }, (_, i) => String(i))), Array.from({ length: 10 }, (_, i) => 190 + i))
    }
  })

  test('no entries, a ttl of 0 and an endless one', async () => {
    const [cache] = caches({ staleTtl: 50 })
    await cache.setMany([])
    await cache.setMany(values)
    await cache.setMany(values, { ttl: 0 })
    assert.deepEqual(await cache.getMany(keys), keys.map(() => null))
    await cache.setMany(values, { ttl: Infinity, tags: [T] })
    assert.equal(await backend.redis.command('PTTL', stored(cache, 'text')), -1)
    assert.equal((await cache.lookup('text')).ttlMs, Infinity)
    assert.deepEqual(await cache.getMany(['text']), ['Größe'])
    assert.equal(await fleet.manager(cache).invalidateByTag(T), values.length)
  })

  test('those that are stale are misses among those that are fresh', async () => {
    const [cache, other] = caches()
    await cache.setMany(values, { ttl: 100, staleTtl: 50 })
    await cache.setMany([['gone stale', 1], ['object', 2]], { ttl: '1ms', staleTtl: 50 })
    await until('they are stale', async () => (await cache.lookup('object')).stale && (await cache.lookup('gone stale')).stale)
    const expected = values.map(([key, value]) => (key === 'object' ? null : value))
    assert.deepEqual(await other.getMany([...keys, 'gone stale', 'missing']), [...expected, null, null])
  })

  test('5 000 of them, of which each third is deleted', async () => {
    const [cache, other] = caches({ timeoutMs: 60_000 })
    const many = Array.from({ length: 5000 }, (_, i): [string, number] => [String(i), i])
    await cache.setMany(many, { staleTtl: 50, tags: [U] })
    assert.equal(await cache.deleteMany(many.filter(([, i]) => i % 3 === 0).map(([key]) => key)), 1667)
    assert.deepEqual(await other.getMany(many.map(([key]) => key)), many.map(([, i]) => (i % 3 === 0 ? null : i)))
    assert.equal(await fleet.manager(cache, { timeoutMs: 60_000 }).invalidateByTag(U), 3333)
  })
})
