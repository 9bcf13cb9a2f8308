import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CacheManager, Cached, ResilientCache, TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { compiled, STANDARDS } from './support/decorated'
import { copied } from './support/near-tools'
import { until } from './support/until'

onEveryBackend('a function over a cache', (backend) => {
  for (const near of [false, true]) {
    const kind = near ? ' with copies in memory' : ''
    const classes = { TypeSafeCache, ResilientCache }
    for (const [name, Cache] of Object.entries(classes)) {
      test(`wrap of a ${name}${kind}: its this, its key, its invalidation`, async () => {
        const cache = new Cache(backend.redis, { namespace: fresh(), near })
        let calls = 0
        const find = cache.wrap(
          async function (this: { unit: string }, id: string, more: number) {
            calls++
            return `${id} ${more} ${this.unit}`
          } as (id: string, more: number) => Promise<string>,
          { key: (id, more) => `${id}:${more}`, ttl: 60 },
        )
        const self = { unit: 'm', find }
        for (let i = 0; i < 3; i++) assert.equal(await self.find('a', 1), 'a 1 m')
        assert.equal(calls, 1)
        assert.equal(find.key('a', 1), 'a:1')
        assert.equal(await cache.get('a:1'), 'a 1 m')
        if (near) await copied(cache, find.key('a', 1))
        await find.invalidate('a', 1)
        assert.deepEqual([cache.peek('a:1'), await cache.get('a:1')], [undefined, null])
        await self.find('a', 1)
        assert.equal(calls, 2)
        if (near) await copied(cache, find.key('a', 1))
        // Not awaited: the next call is behind it.
        void find.invalidate('a', 1)
        await self.find('a', 1)
        assert.equal(calls, 3)
      })
    }

    for (const standard of STANDARDS) {
      test(`the decorator${kind} under ${standard} passes its options on: tags, a stale life, a namespace`, async () => {
        const cache = new TypeSafeCache(backend.redis, { namespace: fresh(), near })
        const namespace = fresh('other')
        const tag = fresh('tag')
        const { Users } = compiled(
          `export class Users {
            calls = 0
            @Cached({ cache, ttl: '5m', staleTtl: 600, tags: (user) => [tag, 'user:' + user.id], namespace })
            async find(id) { return { id, call: ++this.calls } }
          }`,
          standard,
          { Cached, cache, tag, namespace },
        )
        const users = new Users()
        assert.deepEqual([await users.find('1'), await users.find('1')], [{ id: '1', call: 1 }, { id: '1', call: 1 }])
        const key = users.find.key('1')
        const found = await cache.lookup(key, { namespace })
        assert.ok(found.hit && found.ttlMs > 290_000 && found.ttlMs <= 300_000)
        if (near) assert.deepEqual(await copied(cache, key, namespace), { id: '1', call: 1 })
        assert.equal(await new CacheManager(backend.redis).invalidateByTag(tag), 1)
        assert.deepEqual(await users.find('1'), { id: '1', call: 2 })
        await users.find.invalidate('1')
        assert.equal(await cache.get(key, namespace), null)
        assert.deepEqual(await users.find('1'), { id: '1', call: 3 })
      })
    }
  }

  test('gives what is stale while it loads again', async () => {
    const cache = new TypeSafeCache(backend.redis, { namespace: fresh(), near: true })
    let calls = 0
    const find = cache.wrap(async (id: string) => `${id} ${++calls}`, { key: (id) => id, ttl: '1ms', staleTtl: 60 })
    assert.equal(await find('a'), 'a 1')
    await until('it is stale', async () => (await cache.lookup('a')).stale)
    assert.equal(await find('a'), 'a 1')
    await until('it has been loaded again', async () => (await cache.lookup('a')).value === 'a 2')
    assert.ok(cache.metrics().staleHits >= 1)
  })

  test('rejects with what it throws, and stores nothing', async () => {
    const cache = new TypeSafeCache(backend.redis, { namespace: fresh(), near: true })
    const error = new Error('own')
    const fails = cache.wrap(async () => { throw error }, { key: () => 'k' })
    await assert.rejects(fails(), (thrown) => thrown === error)
    assert.deepEqual([await cache.get('k'), cache.peek('k')], [null, undefined])
  })
})
