import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis, RedisRepository, TypeSafeCache } from '../index.js'
import type { TestServer } from '../testing.js'
import { fresh, sentBy, warm } from './support/cache-tools'
import { realServer } from './support/servers'

// What the documentation promises, as the server counts it.
describe('what an operation costs the server', () => {
  let server: TestServer
  let redis: Redis
  let cache: TypeSafeCache
  let users: RedisRepository<number>
  before(async () => {
    server = await realServer()
    redis = await Redis.connect(server.url)
    cache = new TypeSafeCache(redis, { namespace: fresh() })
    users = new RedisRepository(redis, fresh())
    // The first connection asks the server what it is.
    await warm(redis)
  })
  after(async () => {
    await redis.close()
    await server.stop()
  })

  const keys = (count: number) => Array.from({ length: count }, (_, i) => `k${i}`)
  const operations: [what: string, work: () => unknown, sent: Record<string, number>][] = [
    ['get', () => cache.get('1'), { get: 1 }],
    ['lookup', () => cache.lookup('1'), { get: 1, pttl: 1 }],
    ['set', () => cache.set('1', 1), { set: 1 }],
    ['set of bytes for ever', () => cache.set('1', new Uint8Array(1), { ttl: Infinity }), { set: 1 }],
    ['set with a ttl of 0', () => cache.set('1', 1, { ttl: 0 }), { unlink: 1 }],
    ['del', () => cache.del('1'), { unlink: 1 }],
    ['exists', () => cache.exists('1'), { exists: 1, getrange: 1 }],
    ['getMany of 1000', () => cache.getMany(keys(1000)), { mget: 1 }],
    ['getMany of 1001', () => cache.getMany(keys(1001)), { mget: 2 }],
    ['getMany of 2500', () => cache.getMany(keys(2500)), { mget: 3 }],
    ['setMany of 2500', () => cache.setMany(keys(2500).map((key) => [key, key])), { set: 2500 }],
    ['deleteMany of 2500', () => cache.deleteMany(keys(2500)), { unlink: 3 }],
    // Inside the two scripts: two writes, and a look before the second.
    ['getOrSet on a miss', () => cache.getOrSet('g', () => 1), { get: 1, evalsha: 2, getrange: 1, set: 2 }],
    ['getOrSet on a hit', () => cache.getOrSet('g', () => 1), { get: 1 }],
    ['getOrSet with forceFresh', () => cache.getOrSet('g', () => 1, { forceFresh: true }), { evalsha: 2, getrange: 3, set: 2, time: 2 }],
    ['getOrSet of undefined', () => cache.getOrSet('u', () => undefined), { get: 1, evalsha: 2, getrange: 1, set: 1, unlink: 1 }],
    ['getOrSet with a ttl of 0', () => cache.getOrSet('u', () => 1, 0), { get: 1 }],
    ['clear of an empty namespace', () => cache.clear().then(() => cache.clear()), { scan: 2, unlink: 1 }],
    ['a repository: get', () => users.get('1'), { get: 1 }],
    ['a repository: set', () => users.set('1', 1), { set: 1 }],
    ['a repository: delete', () => users.delete('1'), { unlink: 1 }],
    ['a repository: exists', () => users.exists('1'), { exists: 1, getrange: 1 }],
    ['a repository: getMany of 1001', () => users.getMany(keys(1001)), { mget: 2 }],
  ]
  for (const [what, work, sent] of operations) {
    test(what, async () => assert.deepEqual(await sentBy(redis, work), sent))
  }

  test('many of many come back in order', async () => {
    const entries = keys(2500).map((key, i) => [key, i % 3 === 0 ? Buffer.from(key) : key] as const)
    await cache.setMany(entries)
    assert.deepEqual(await cache.getMany(keys(2501)), [...entries.map(([, value]) => value), null])
    assert.equal(await cache.deleteMany([...keys(2600), ...keys(2600)]), 2500)
  })
})
