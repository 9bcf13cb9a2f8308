import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runClient } from './support/bridge-child'
import { MortalServer } from './support/client-server'

/** What a program does last, on a server that hangs from a step on. */
const LAST: Readonly<Record<string, string>> = {
  'a miss': `report(await cache.getOrSet('a', () => 'loaded'))`,
  'a load that hangs up the server': `report(await cache.getOrSet('a', async () => { await hang(); return 'loaded' }))`,
  'a load behind a stale value': `
    await cache.set('a', 'loaded', { ttl: '1ms', staleTtl: '1h' })
    while (!(await cache.lookup('a')).stale);
    report(await cache.getOrSet('a', async () => { await hang(); return 'new' }, { ttl: '1h', staleTtl: '1h' }))`,
  'many misses': `await cache.getOrSetMany(['a', 'b'], async (missing) => { await hang(); report('loaded'); return new Map([['a', 1]]) })`,
  'a lease that is given back': `await cache.getOrSet('a', async ({ skip }) => { await hang(); skip(); report('loaded'); return 1 })`,
  'an invalidation': `await hang(); cache.getOrSet('a', () => 1); new CacheManager(redis).invalidateByTag('tag').catch(() => report('loaded'))`,
  'what nobody waits for': `await hang(); void cache.getOrSet('a', () => { report('loaded') }, { tags: ['tag'] })`,
  'the wait for the load of another': `
    await cache.getOrSet('a', async () => {
      const waiting = new TypeSafeCache(await Redis.connect(url), { waitMs: 300 }).getOrSet('a', () => 'loaded')
      setTimeout(hang, 50)
      report(await waiting)
      return 'late'
    })`,
}

describe('a program that does not close its client ends by itself after', () => {
  for (const [what, script] of Object.entries(LAST)) {
    test(what, async () => {
      await using server = await MortalServer.start()
      const child = runClient(
        server.url,
        `
        const { CacheManager } = require(${JSON.stringify(new URL('../index.js', import.meta.url).pathname)})
        const redis = await Redis.connect({ url, commandTimeout: 300 })
        const cache = new TypeSafeCache(redis)
        const hang = () => redis.command('CLIENT', 'PAUSE', 600000, 'ALL').catch(() => {})
        ${what === 'a miss' ? 'await hang()' : ''}
        ${script}`,
      )
      assert.deepEqual(await child.ended, { code: 0, reports: ['loaded'], stderr: '' })
    })
  }
})
