import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { Redis, TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { realServer } from './support/servers'

type Call = (cache: TypeSafeCache, key: string) => Promise<unknown>

/** What follows an un-awaited store with tags, what it gives, and what is stored in the end. */
const followers: [what: string, call: Call, given: unknown, stored: unknown][] = [
  ['del', (cache, key) => cache.del(key), undefined, null],
  ['deleteMany', (cache, key) => cache.deleteMany([key]), 1, null],
  ['set', (cache, key) => cache.set(key, 2), undefined, 2],
  ['set with a stale life', (cache, key) => cache.set(key, 2, { staleTtl: 60 }), undefined, 2],
  ['set with other tags', (cache, key) => cache.set(key, 2, { tags: ['u'] }), undefined, 2],
  ['setMany with tags', (cache, key) => cache.setMany([[key, 2], [key, 3]], { tags: ['t'] }), undefined, 3],
  ['getOrSet', (cache, key) => cache.getOrSet(key, () => 2), 1, 1],
]
/** On one server only: elsewhere a store with tags takes several steps, and its key is a miss until the last. */
const readers: typeof followers = [
  ['get', (cache, key) => cache.get(key), 1, 1],
  ['getMany', (cache, key) => cache.getMany([key]), [1], 1],
  ['lookup', async (cache, key) => (await cache.lookup(key)).value, 1, 1],
  ['exists', (cache, key) => cache.exists(key), true, 1],
]
const stores: [what: string, store: Call][] = [
  ['set', (cache, key) => cache.set(key, 1, { tags: ['t'] })],
  ['setMany', (cache, key) => cache.setMany([[key, 1]], { tags: ['t'] })],
]

onEveryBackend('after a store with tags that nobody waits for', (backend) => {
  const isCluster = backend.name.includes('cluster')
  for (const [store, begin] of stores) {
    for (const [what, call, given, stored] of isCluster ? followers : [...followers, ...readers]) {
      test(`${store}, then ${what}`, async () => {
        const cache = new TypeSafeCache(backend.redis, { prefix: fresh('order') })
        const before = begin(cache, 'a')
        const after = call(cache, 'a')
        assert.deepEqual([await before, await after, await cache.get('a')], [undefined, given, stored])
      })
    }
  }

  test('stores without tags come before', async () => {
    const cache = new TypeSafeCache(backend.redis, { prefix: fresh('order') })
    const stale = cache.set('stale', 1, { staleTtl: 60 })
    const plain = cache.set('plain', 1)
    await Promise.all([stale, plain, cache.set('stale', 2, { tags: ['t'] }), cache.set('plain', 2, { tags: ['t'] })])
    assert.deepEqual(await cache.getMany(['stale', 'plain']), [2, 2])
  })
})

describe('on a server that does not know the scripts', async () => {
  const server = await realServer()
  after(() => server.stop())
  for (const [what, call, given, stored] of [...followers, ...readers]) {
    test(`a first store with tags comes before ${what}`, async () => {
      // A client that has just connected: one that has stored before takes it that the server knows them.
      await using redis = await Redis.connect(server.url)
      await redis.command('SCRIPT', 'FLUSH')
      const cache = new TypeSafeCache(redis, { prefix: fresh('order') })
      const before = cache.set('a', 1, { tags: ['t'] })
      const after = call(cache, 'a')
      assert.deepEqual([await before, await after, await cache.get('a')], [undefined, given, stored])
    })
  }
})
