import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CacheManager, RedisRepository, ResilientCache, TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { copied, untilGone } from './support/near-tools'
import { until } from './support/until'

const rich = () => ({
  date: new Date(86_400_000),
  map: new Map<unknown, unknown>([['a', new Set([1n])], [{ k: 1 }, Buffer.from('ab')]]),
  url: new URL('https://example.org/a?b#c'),
  error: new RangeError('wrong', { cause: new Date(0) }),
  regexp: /a+/gi,
  bytes: Uint8Array.of(1, 2),
  floats: Float64Array.of(1.5, NaN),
  nothing: undefined,
  holes: [1, , 3], // eslint-disable-line no-sparse-arrays
})

onEveryBackend('copies in memory', (backend) => {
  test('are in each class, with its own writes', async () => {
    const options = { namespace: fresh(), near: true }
    const typed = new TypeSafeCache(backend.redis, options)
    const resilient = new ResilientCache(backend.redis, options)
    const manager = new CacheManager(backend.redis, options)
    for (const [cache, write, remove] of [
      [typed, (value: string) => typed.set('k', value), () => typed.delete('k')],
      [resilient, (value: string) => resilient.set('k', value), () => resilient.del('k')],
      [resilient, (value: string) => resilient.setMany([['k', value]]), () => resilient.deleteMany(['k'])],
      [manager, (value: string) => manager.cacheWithTags('k', value, 60, ['t']), () => manager.invalidateByTag('t')],
    ] as const) {
      await write('old')
      assert.equal(await copied(cache, 'k'), 'old')
      await write('new')
      assert.equal(await cache.get('k'), 'new')
      assert.equal(await copied(cache, 'k'), 'new')
      await remove()
      assert.deepEqual([cache.peek('k'), await cache.get('k')], [undefined, null])
    }
    assert.ok(manager.metrics().nearHits > 0 && resilient.metrics().nearHits > 0)
  })

  test('are in the repository', async () => {
    const users = new RedisRepository<any>(backend.redis, fresh(), { near: { copy: 'clone' }, tags: ({ team }) => [team] })
    const other = new RedisRepository<any>(await backend.connect(), users.namespace, { tags: ({ team }) => [team] })
    await users.set('1', { name: 'Ada', team: 'a' })
    const near = async () => {
      const before = users.metrics().nearHits
      await users.get('1')
      return users.metrics().nearHits > before
    }
    await until('it is in memory', near)
    await users.set('1', { name: 'Eva', team: 'a' })
    assert.equal((await users.get('1')).name, 'Eva')
    await until('it is in memory', near)
    await other.set('1', { name: 'Ida', team: 'a' })
    await until('the change is read', async () => (await users.get('1')).name === 'Ida')
    await until('it is in memory', near)
    await users.deleteByTag('a')
    assert.equal(await users.get('1'), null)
    await users.set('1', { name: 'Ada', team: 'a' })
    await until('it is in memory', near)
    await users.delete('1')
    assert.deepEqual([await users.get('1'), await users.exists('1')], [null, false])
  })

  for (const copy of ['share', 'freeze', 'clone'] as const) {
    test(`${copy}: values are of the classes that the codec knows, whoever asks`, async () => {
      const cache = new TypeSafeCache(backend.redis, { namespace: fresh(), codec: 'typed', near: { copy } })
      const values = { rich: rich(), bytes: Uint8Array.of(1, 2, 3), buffer: Buffer.from('abc'), date: new Date(1), map: new Map([[1, 2]]), plain: { a: [1] } }
      for (const [key, value] of Object.entries(values)) {
        await cache.set(key, value)
        const [one, other] = [await copied(cache, key), cache.peek(key)]
        const remote = (await cache.getMany([key]))[0]
        for (const each of [one, other, await cache.get(key), await cache.getOrSet<unknown>(key, () => null)]) {
          assert.deepEqual(each, remote)
          assert.equal(Object.getPrototypeOf(each), Object.getPrototypeOf(remote))
        }
        assert.equal(one === other, copy === 'share' || (copy === 'freeze' && key === 'plain'), key)
      }
    })

    test(`${copy}: what a caller does to a value is ${copy === 'share' ? 'seen by others' : 'its own affair'}`, async () => {
      const cache = new TypeSafeCache(backend.redis, { namespace: fresh(), codec: 'typed', near: { copy } })
      await cache.setMany<unknown>([['list', { list: [1] }], ['bytes', Buffer.from('abc')], ['map', new Map([['a', [1]]])]])
      const changes: Record<string, [change: (value: any) => void, look: (value: any) => unknown, before: unknown]> = {
        list: [(value) => value.list.push(2), (value) => value.list.length, 1],
        bytes: [(value) => value.fill(0), (value) => value[0], 97],
        map: [(value) => value.get('a').push(2), (value) => value.get('a').length, 1],
      }
      for (const [key, [change, look, before]] of Object.entries(changes)) {
        const first = await cache.get<any>(key)
        const value = (await copied(cache, key)) as any
        if (copy === 'freeze' && key === 'list') {
          for (const each of [value, first]) assert.throws(() => change(each), TypeError)
        } else {
          change(value)
          if (copy !== 'share') change(first)
        }
        assert.equal(look(cache.peek(key)) === before, copy !== 'share')
      }
    })
  }

  test('are not made of what cannot be copied, and it is given all the same', async () => {
    class Point {
      constructor(readonly x: number) {}
    }
    const codec = { id: 70, encode: (point: any) => String(point.x), decode: (text: any) => new Point(Number(text)) }
    const namespace = fresh()
    for (const copy of ['freeze', 'clone', 'share'] as const) {
      const cache = new TypeSafeCache(backend.redis, { namespace, codec, near: { copy } })
      await cache.set('k', new Point(1))
      if (copy === 'share') assert.ok((await copied(cache, 'k')) instanceof Point)
      for (let i = 0; i < 3; i++) {
        const point = await cache.get('k')
        assert.ok(point instanceof Point && point.x === 1)
        if (copy !== 'share') assert.equal(cache.peek('k'), undefined)
      }
    }
  })

  test('of two caches of one key space end together', async () => {
    const namespace = fresh()
    const caches = Array.from({ length: 2 }, () => new TypeSafeCache(backend.redis, { namespace, near: true }))
    const other = new TypeSafeCache(await backend.connect(), { namespace })
    await other.set('k', 'old')
    for (const cache of caches) assert.equal(await copied(cache, 'k'), 'old')
    await other.set('k', 'new')
    for (const cache of caches) {
      await untilGone(cache, 'k')
      assert.equal(await cache.get('k'), 'new')
    }
  })
})
