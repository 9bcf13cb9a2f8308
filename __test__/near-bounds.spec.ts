import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { Redis, TypeSafeCache } from '../index.js'
import { fresh } from './support/cache-tools'
import { copied } from './support/near-tools'
import { realServer } from './support/servers'
import { until } from './support/until'

// A server forgets what it has to tell of beyond this many keys, and ends all copies of the rest.
const server = await realServer({ args: ['--tracking-table-max-keys', '0'] })
const redis = await Redis.connect({ url: server.url, maxPending: 1_000_000 })
after(async () => {
  await redis.close()
  await server.stop()
})
const newCache = (near: any, more = {}) => new TypeSafeCache(redis, { namespace: fresh(), near, ...more })

describe('the bounds of copies in memory', () => {
  test('by count hold, and who leaves is counted', async () => {
    const cache = newCache({ maxEntries: 100 })
    const keys = Array.from({ length: 1000 }, (_, i) => String(i))
    await cache.setMany(keys.map((key) => [key, key]))
    await copied(cache, '0')
    for (const key of keys) {
      assert.equal(await cache.get(key), key)
      assert.ok(cache.metrics().nearEntries <= 100)
    }
    const { nearEntries, nearEvictions, nearBytes } = cache.metrics()
    assert.ok(nearEntries >= 90 && nearEvictions >= 890 && nearBytes > 0)
    assert.equal(keys.filter((key) => cache.peek(key) !== undefined).length, nearEntries)
  })

  test('by bytes hold, of values as they are stored and of their keys; what is too large for it is none', async () => {
    const cache = newCache({ maxBytes: 100_000 })
    await cache.set('first', 1)
    await copied(cache, 'first')
    for (let i = 0; i < 200; i++) {
      const key = `${i}`.padStart(100, '-')
      await cache.set(key, Buffer.alloc(4000, 1))
      assert.equal((await cache.get<Buffer>(key))!.length, 4000)
      assert.ok(cache.metrics().nearBytes <= 100_000)
    }
    const { nearEntries, nearBytes, nearEvictions } = cache.metrics()
    // The small one at the beginning may have stayed.
    assert.ok(nearEntries <= 25 && nearEntries > 15, `${nearEntries} entries`)
    assert.ok(nearBytes >= (nearEntries - 1) * 4100 && nearEvictions > 150)
    await cache.set('large', 'x'.repeat(50_000))
    for (let i = 0; i < 3; i++) assert.equal((await cache.get<string>('large'))!.length, 50_000)
    assert.equal(cache.peek('large'), undefined)
  })

  test('compressed values count as they are stored', async () => {
    const cache = newCache({ maxBytes: 100_000 }, { compress: true })
    await cache.set('k', 'x'.repeat(1_000_000))
    assert.equal((await copied(cache, 'k') as string).length, 1_000_000)
    assert.ok(cache.metrics().nearBytes < 10_000)
  })

  test('leave nothing behind after tens of thousands of puts and deletions', async () => {
    const cache = newCache({ maxEntries: 1000 })
    const keys = Array.from({ length: 20_000 }, (_, i) => String(i))
    await cache.setMany(keys.map((key) => [key, 1]), { ttl: Infinity })
    await copied(cache, '0')
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < keys.length; i += 1000) {
        const some = keys.slice(i, i + 1000)
        await Promise.all(some.map((key) => cache.get(key)))
        if (round % 2) await Promise.all(some.slice(0, 500).map((key) => cache.set(key, round)))
        const { nearEntries, nearBytes } = cache.metrics()
        assert.ok(nearEntries <= 1000 && nearBytes <= nearEntries * 20)
      }
    }
    await cache.clear()
    assert.deepEqual([cache.metrics().nearEntries, cache.metrics().nearBytes], [0, 0])
  })

  test('what was deleted one by one leaves no entry and no byte', async () => {
    const cache = newCache(true)
    const keys = Array.from({ length: 500 }, (_, i) => String(i))
    await cache.setMany(keys.map((key) => [key, { key }]))
    for (const key of keys) await copied(cache, key)
    await until('all are there', async () => {
      for (const key of keys) await cache.get(key)
      return cache.metrics().nearEntries === 500
    })
    await cache.deleteMany(keys.slice(0, 250))
    for (const key of keys.slice(250)) await cache.del(key)
    const { nearEntries, nearBytes, nearEvictions } = cache.metrics()
    assert.deepEqual([nearEntries, nearBytes, nearEvictions], [0, 0, 0])
  })

  test('are checked', () => {
    const wrong: [unknown, string][] = [
      [1, 'options.near must be a boolean or an object, got a number'],
      [null, 'options.near must be a boolean or an object, got null'],
      [{ maxEntries: 0 }, 'options.near.maxEntries must be an integer from 1 to 16777216, got 0'],
      [{ maxBytes: 0.5 }, 'options.near.maxBytes must be an integer from 1 to 1099511627776, got 0.5'],
      [{ ttlMs: 0 }, 'options.near.ttlMs must be from 1 ms to 100 years, got 0'],
      [{ copy: 'deep' }, "options.near.copy must be 'share', 'freeze' or 'clone', got another string"],
      [{ maxEntry: 1 }, "options.near.maxEntry is not an option; did you mean 'maxEntries'?"],
    ]
    for (const [near, message] of wrong) assert.throws(() => newCache(near), { message })
    for (const near of [true, false, undefined, {}]) newCache(near)
  })
})
