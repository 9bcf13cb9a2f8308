import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { CacheManager, Redis, TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh, sentBy, warm } from './support/cache-tools'
import { realServer } from './support/servers'
import { tagKeys } from './support/tag-scripts'

const ids = (count: number) => Array.from({ length: count }, (_, i) => `key ${i}`)

onEveryBackend('a tag of 1 000 entries', (backend) => {
  for (const mode of ['delete', 'expire'] as const) {
    test(`is invalidated as a whole, and nothing else is: ${mode}`, async () => {
      const prefix = fresh('many')
      const cache = new TypeSafeCache(backend.redis, { prefix })
      const pages = new CacheManager(backend.redis, { prefix })
      const keys = ids(backend.real ? 1000 : 300)
      await cache.setMany(keys.map((key) => [key, key]), { tags: ['t', 'u'] })
      await cache.setMany(keys.map((key) => [`other ${key}`, key]), { tags: ['u'] })
      assert.equal(await pages.invalidateByTag('t', { mode }), keys.length)
      assert.deepEqual(new Set(await cache.getMany(keys)), new Set([null]))
      assert.deepEqual(await cache.getMany(keys.map((key) => `other ${key}`)), keys)
      assert.equal(await pages.invalidateByTags(['t', 'u'], { match: 'all' }), mode === 'delete' ? 0 : keys.length)
    })
  }
})

describe('a tag of very many entries', async () => {
  const server = await realServer()
  const redis = await Redis.connect(server.url)
  after(async () => {
    await redis.close()
    await server.stop()
  })

  /** How often other work had its turn meanwhile. */
  async function turnsDuring<T>(work: () => Promise<T>): Promise<[T, number]> {
    let turns = 0
    let goesOn = true
    const count = () => {
      turns++
      if (goesOn) setImmediate(count)
    }
    setImmediate(count)
    const result = await work()
    goesOn = false
    return [result, turns]
  }

  for (const mode of ['delete', 'expire'] as const) {
    test(`100 000 of them go in bounded steps, while other work goes on: ${mode}`, { timeout: 300_000 }, async () => {
      const count = 100_000
      const prefix = fresh('many')
      const cache = new TypeSafeCache(redis, { prefix })
      const all = ids(count)
      for (let at = 0; at < count; at += 10_000) await cache.setMany(all.slice(at, at + 10_000).map((key) => [key, 1]), { tags: ['t'] })
      assert.equal(await redis.command('ZCARD', tagKeys(prefix, 't').index), count)
      await redis.command('CONFIG', 'RESETSTAT')
      const [invalidated, turns] = await turnsDuring(() => new CacheManager(redis, { prefix }).invalidateByTag('t', { mode }))
      assert.equal(invalidated, count)
      assert.ok(turns > 100, `${turns} turns of the event loop`)
      // No step concerns more than 128 keys, or few more where the server's walk gives more.
      const [, scripts] = /cmdstat_evalsha:calls=(\d+)/.exec(await redis.command('INFO', 'commandstats'))!
      assert.ok(Number(scripts) > count / 300, `${scripts} scripts`)
      assert.equal(await cache.get('key 77'), null)
    })
  }

  test('two steps for each 128 keys, and three besides', async () => {
    const prefix = fresh('many')
    const cache = new TypeSafeCache(redis, { prefix })
    const pages = new CacheManager(redis, { prefix })
    await warm(redis)
    for (const [count, steps] of [[0, 3], [1, 5], [128, 5], [129, 7], [300, 9]] as const) {
      await cache.setMany(ids(count).map((key) => [key, 1]), { tags: ['t'] })
      assert.equal((await sentBy(redis, () => pages.invalidateByTag('t'))).evalsha, steps, `${count} keys`)
    }
    assert.equal((await sentBy(redis, () => cache.set('a', 1, { tags: ['t', 'u', 'v'] }))).evalsha, 1)
  })

  test('an index takes at most 160 bytes for a key of 20 bytes', async (t) => {
    const prefix = 'm'
    const count = 10_000
    // `m:n:` and 16 characters.
    const cache = new TypeSafeCache(redis, { prefix, namespace: 'n' })
    await cache.setMany(Array.from({ length: count }, (_, i) => [String(i).padStart(16, '0'), 1]), { tags: ['t'] })
    const bytes = await redis.command<number>('MEMORY', 'USAGE', tagKeys(prefix, 't').index, 'SAMPLES', 0)
    const each = bytes / count
    t.diagnostic(`${each.toFixed(1)} bytes a member`)
    assert.ok(each <= 160, `${each} bytes a member`)
  })
})
