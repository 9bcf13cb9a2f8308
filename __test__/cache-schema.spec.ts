import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as valibot from 'valibot'
import * as zod from 'zod'
import { CacheManager, type CacheOptions, RedisRepository, TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { copied } from './support/near-tools'

const Users: Record<string, any> = {
  zod: zod.object({ id: zod.string(), name: zod.string(), tags: zod.array(zod.string()).default([]) }),
  valibot: valibot.object({ id: valibot.string(), name: valibot.string(), tags: valibot.optional(valibot.array(valibot.string()), []) }),
  'one that is asynchronous': zod.object({ id: zod.string(), name: zod.string(), tags: zod.array(zod.string()).default([]) }).refine(async () => true),
}
const old = { id: '1', first: 'Ada', last: 'Lovelace' }
const current = { id: '1', name: 'Ada Lovelace', tags: [] as string[] }
const fromOld = (value: any) => (value?.first ? { id: value.id, name: `${value.first} ${value.last}` } : undefined)

onEveryBackend('a schema', (backend) => {
  const newCache = (options: CacheOptions = {}) => new TypeSafeCache(backend.redis, { namespace: fresh(), ...options })

  for (const [what, schema] of Object.entries(Users)) {
    for (const near of [false, true]) {
      test(`of ${what}${near ? ', with copies in memory' : ''}: what does not fit is a miss on every read, and stays`, async () => {
        const cache = newCache({ schema, near })
        const plain = newCache({ namespace: cache.namespace })
        await plain.setMany<unknown>([['1', { id: '1', name: 'Ada Lovelace', more: 1 }], ['2', old], ['3', null]])
        assert.deepEqual(await cache.getMany(['1', '2', '3', '4']), [current, null, null, null])
        assert.deepEqual([await cache.get('1'), await cache.get('2'), await cache.get('3')], [current, null, null])
        assert.deepEqual([(await cache.lookup('1')).value, (await cache.lookup('2')).hit], [current, false])
        if (near) {
          assert.deepEqual(await copied(cache, '1'), current)
          assert.equal(cache.peek('2'), undefined)
        }
        const { schemaMisses, unreadable, misses, hits } = cache.metrics()
        assert.deepEqual([schemaMisses, unreadable, misses], [5, 0, 6])
        assert.ok(hits >= 3)
        assert.deepEqual(await plain.get('2'), old)
      })

      test(`of ${what}${near ? ', with copies in memory' : ''}: migrate makes of the old what fits, and nothing is written back`, async () => {
        for (const migrate of [fromOld, async (value: any) => fromOld(value)]) {
          const cache = newCache({ schema, migrate, near })
          const plain = newCache({ namespace: cache.namespace })
          await plain.setMany<unknown>([['1', old], ['2', { other: 1 }]])
          const reads = [await cache.get('1'), (await cache.getMany(['1']))[0], (await cache.lookup('1')).value, await cache.getOrSet<unknown>('1', () => assert.fail('a hit'))]
          if (near) reads.push(await copied(cache, '1'))
          for (const read of reads) assert.deepEqual(read, current)
          assert.deepEqual(await cache.getMany(['2']), [null])
          assert.deepEqual(await plain.get('1'), old)
        }
      })
    }

    test(`of ${what}: getOrSet replaces a misfit, with one load for all`, async () => {
      const cache = newCache({ schema, near: true })
      await newCache({ namespace: cache.namespace }).set('1', old, { tags: ['t'], staleTtl: 60 })
      let loads = 0
      const load = async () => {
        loads++
        return current
      }
      for (const value of await Promise.all(Array.from({ length: 5 }, () => cache.getOrSet('1', load)))) assert.deepEqual(value, current)
      assert.deepEqual([loads, await cache.get('1'), await cache.getOrSet('1', load)], [1, current, current])
      assert.equal(loads, 1)
    })
  }

  test('is for what stands in for a load that fails, too', async () => {
    const cache = newCache({ schema: Users.zod, migrate: fromOld })
    const plain = newCache({ namespace: cache.namespace })
    const tag = fresh('tag')
    await plain.setMany<unknown>([['old', old], ['misfit', { other: 1 }]], { tags: [tag] })
    assert.equal(await new CacheManager(backend.redis).invalidateByTag(tag, { mode: 'expire' }), 2)
    const fails = () => Promise.reject(new Error('no'))
    assert.deepEqual(await cache.getOrSet<unknown>('old', fails), current)
    await assert.rejects(cache.getOrSet<unknown>('misfit', fails), { message: 'no' })
  })

  test('that throws, or a migrate that does, makes misses, and no read rejects', async () => {
    const throwing = { '~standard': { version: 1, vendor: 'test', validate: () => { throw new Error('no') } } } as any
    const cases: CacheOptions[] = [
      { schema: throwing },
      { schema: Users.zod, migrate: () => { throw new Error('no') } },
      { schema: Users.zod, migrate: () => Promise.reject(new Error('no')) },
      { schema: throwing, migrate: async () => current },
    ]
    for (const options of cases) {
      const cache = newCache({ ...options, near: true })
      await cache.set('1', old)
      assert.deepEqual([await cache.get('1'), (await cache.getMany(['1']))[0], (await cache.lookup('1')).hit], [null, null, false])
      assert.deepEqual(await cache.getOrSet<unknown>('1', () => current), current)
      assert.ok(cache.metrics().schemaMisses >= 3)
    }
  })

  test('of a repository makes a record that does not fit one that is not there', async () => {
    const namespace = fresh()
    const users = new RedisRepository<any>(backend.redis, namespace, { schema: Users.zod, migrate: fromOld, near: true })
    const plain = new RedisRepository<any>(backend.redis, namespace)
    await plain.set('1', old)
    await plain.set('2', { other: 1 })
    assert.deepEqual([await users.get('1'), await users.get('1'), await users.get('2')], [current, current, null])
    assert.deepEqual(await users.getMany(['1', '2']), [current, null])
    assert.deepEqual([await users.exists('2'), await plain.get('1')], [true, old])
  })
})
