import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { CacheManager, Redis } from '../index.js'
import { fresh } from './support/cache-tools'
import { FaultProxy } from './support/fault-proxy'
import { realServer } from './support/servers'
import { tagKeys } from './support/tag-scripts'
import { until } from './support/until'

// One process works through a proxy that ends its connection for good after so many bytes of replies: behind any of its commands, for the
// server has executed what it answers. Another process goes on.

const server = await realServer({ tcp: true })
const redis = await Redis.connect(server.url)
after(async () => {
  await redis.close()
  await server.stop()
})

/** What is left of `work` when the connection is lost behind `bytes` of replies. */
async function crashing(bytes: number, work: (redis: Redis) => Promise<unknown>): Promise<'done' | 'lost'> {
  await using proxy = await FaultProxy.start(server)
  const mortal = await Redis.connect({ url: proxy.url, breaker: false })
  proxy.refuse()
  proxy.cutAfter(bytes)
  const done = work(mortal).then(() => 'done' as const, () => 'lost' as const)
  const lost = until('it is over', async () => proxy.connections === 0 || (await Promise.race([done, undefined])) !== undefined)
  const how = await Promise.race([done, lost.then(() => 'lost' as const)])
  await mortal.close({ timeoutMs: 1 })
  return how
}

const KEYS = 600
const keys = Array.from({ length: KEYS }, (_, i) => `k${i}`)

describe('a process that dies', () => {
  for (const [what, options] of [
    ['one tag, delete', {}],
    ['one tag, expire', { mode: 'expire' }],
    ['all of two, delete', { match: 'all' }],
  ] as const) {
    test(`in the middle of an invalidation leaves nothing that the next one does not find: ${what}`, async () => {
      let done = 0
      // The reply to the first command, the second, …, and in the midst of the lists of keys.
      for (const bytes of [1, 20, 24, 30, 60, 4_000, 8_000, 12_000, 16_000, 100_000]) {
        const prefix = fresh('crash')
        const cache = new CacheManager(redis, { prefix })
        const tags = 'match' in options ? ['t', 'u'] : ['t']
        await Promise.all(keys.map((key) => cache.cacheWithTags(key, 'old', '1h', ['t', 'u'])))
        if ((await crashing(bytes, (mortal) => new CacheManager(mortal, { prefix }).invalidateByTags(tags, options))) === 'done') done++
        // Some are stored anew meanwhile.
        await Promise.all(keys.slice(0, 100).map((key) => cache.getOrSet(key, () => 'loaded', { tags: ['t', 'u'], forceFresh: true })))
        for (const key of keys.slice(0, 100)) assert.equal(await cache.get(key), 'loaded')
        const left = (await Promise.all(keys.map((key) => cache.lookup(key)))).filter(({ hit }) => hit).length
        assert.ok(left >= 100)
        assert.equal(await cache.invalidateByTag('t'), left, `cut after ${bytes} bytes`)
        for (const key of keys) assert.equal((await cache.lookup(key)).hit, false)
        const { index, doomed } = tagKeys(prefix, 't')
        assert.equal(await redis.command('EXISTS', index, doomed), 0)
      }
      assert.ok(done >= 1 && done <= 5, `${done} were done in spite of all`)
    })
  }

  test('in the middle of stores with tags leaves only what an invalidation finds', async () => {
    for (const bytes of [1, 40, 100, 200, 400, 100_000]) {
      const prefix = fresh('crash')
      await crashing(bytes, (mortal) => {
        const cache = new CacheManager(mortal, { prefix })
        return Promise.all(keys.slice(0, 300).map((key) => (key.endsWith('7') ? cache.getOrSet(key, () => 1, { tags: () => ['t'] }) : cache.cacheWithTags(key, 1, '1h', ['t']))))
      })
      const cache = new CacheManager(redis, { prefix })
      await cache.invalidateByTag('t')
      for (const key of keys) assert.equal(await cache.get(key), null)
    }
  })
})
