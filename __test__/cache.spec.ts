import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh, sentBy } from './support/cache-tools'

onEveryBackend('a cache', (backend) => {
  const newCache = () => new TypeSafeCache(backend.redis, { namespace: fresh() })

  test('gives back what was set, null for what was not, and nothing after del', async () => {
    const cache = newCache()
    assert.equal(await cache.get('1'), null)
    assert.equal(await cache.set('1', { name: 'Ada' }), undefined)
    assert.deepEqual(await cache.get('1'), { name: 'Ada' })
    await cache.set('1', { name: 'Grace' })
    assert.deepEqual(await cache.get('1'), { name: 'Grace' })
    assert.equal(await cache.del('1'), undefined)
    assert.equal(await cache.get('1'), null)
    assert.equal(await cache.del('1'), undefined)
  })

  test('delete is del', async () => {
    const cache = newCache()
    await cache.set('1', 1)
    assert.equal(await cache.delete('1'), undefined)
    assert.equal(await cache.exists('1'), false)
  })

  test('exists tells whether there is an entry, whatever its value', async () => {
    const cache = newCache()
    assert.equal(await cache.exists('1'), false)
    await cache.set('1', null)
    assert.equal(await cache.exists('1'), true)
  })

  test('lookup tells a stored null from a miss', async () => {
    const cache = newCache()
    assert.deepEqual(await cache.lookup('1'), { hit: false, value: null, stale: false, ageMs: null, ttlMs: 0 })
    await cache.set('1', null, { ttl: 100 })
    const { ttlMs, ...found } = await cache.lookup('1')
    assert.deepEqual(found, { hit: true, value: null, stale: false, ageMs: null })
    assert.ok(ttlMs > 0 && ttlMs <= 100_000)
    await cache.set('1', 'for ever', { ttl: Infinity })
    assert.deepEqual(await cache.lookup('1'), { hit: true, value: 'for ever', stale: false, ageMs: null, ttlMs: Infinity })
  })

  test('lookup ends with the reason of its signal', async () => {
    const cache = newCache()
    const reason = new Error('gone')
    await assert.rejects(cache.lookup('1', { signal: AbortSignal.abort(reason) }), (error) => error === reason)
    const controller = new AbortController()
    const looked = cache.lookup('1', { signal: controller.signal })
    controller.abort(reason)
    await assert.rejects(looked, (error) => error === reason)
    assert.equal((await cache.lookup('1', { signal: new AbortController().signal })).hit, false)
  })

  test('many are set, read in order and deleted at once', async () => {
    const cache = newCache()
    await cache.setMany(new Map<string, unknown>([['a', 1], ['b', 'two'], ['c', null]]))
    assert.deepEqual(await cache.getMany(['c', 'x', 'a', 'b', 'a']), [null, null, 1, 'two', 1])
    assert.equal(await cache.deleteMany(['a', 'x', 'c', 'a']), 2)
    assert.deepEqual(await cache.getMany(['a', 'b', 'c']), [null, 'two', null])
  })

  test('of a key that is set twice in one call the last value stays', async () => {
    const cache = newCache()
    await cache.setMany(Array.from({ length: 200 }, (_, i) => ['same', i] as const))
    assert.equal(await cache.get('same'), 199)
  })

  test('empty lists are answered without asking the server', async () => {
    const cache = newCache()
    const work = async () => {
      assert.deepEqual(await cache.getMany([]), [])
      assert.equal(await cache.setMany([]), undefined)
      assert.equal(await cache.setMany([], { ttl: 0 }), undefined)
      assert.equal(await cache.deleteMany([]), 0)
    }
    if (backend.real) assert.deepEqual(await sentBy(backend.redis, work), {})
    else await work()
  })

  test('every operation reaches another namespace when told to, and only then', async () => {
    const cache = newCache()
    const [mine, other] = [cache.namespace, fresh('other')]
    await cache.set('1', 'mine')
    await cache.set('1', 'other', { namespace: other })
    await cache.setMany([['2', 'other']], { namespace: other })
    assert.deepEqual([await cache.get('1'), await cache.get('1', other), await cache.get('1', mine)], ['mine', 'other', 'mine'])
    assert.equal((await cache.lookup('1', { namespace: other })).value, 'other')
    assert.deepEqual(await cache.getMany(['1', '2'], other), ['other', 'other'])
    assert.deepEqual([await cache.exists('2'), await cache.exists('2', other)], [false, true])
    assert.equal(await cache.getOrSet('2', () => 'loaded', { namespace: other }), 'other')
    await cache.del('1', other)
    assert.equal(await cache.deleteMany(['1', '2'], other), 1)
    await cache.set('3', 'other', { namespace: other })
    assert.equal(await cache.deletePattern('*', other), 1)
    assert.equal(await cache.get('1'), 'mine')
    assert.equal(new TypeSafeCache(backend.redis).namespace, 'default')
  })

  test('clear empties its namespace and no other', async () => {
    const [cache, neighbour] = [newCache(), newCache()]
    await Promise.all([cache.setMany([['a', 1], ['b', 2]]), neighbour.set('a', 1)])
    assert.equal(await cache.clear(), 2)
    assert.deepEqual([await cache.get('a'), await neighbour.get('a')], [null, 1])
    assert.equal(await cache.clear(), 0)
  })

  test('prefix and namespace come first in a key, and a colon in them is escaped', async () => {
    const namespace = fresh('a:b%')
    await new TypeSafeCache(backend.redis, { prefix: 'my:app', namespace }).set('x:y', 1)
    assert.equal(await backend.redis.command('GET', `my%3Aapp:${namespace.replace(':', '%3A').replace('%-', '%25-')}:x:y`), '1')
    await new TypeSafeCache(backend.redis).set('1', 2)
    assert.equal(await backend.redis.command('GET', 'cache:default:1'), '2')
  })

  test('wrap caches the results of a function by its arguments, and hands `this` on', async () => {
    const cache = newCache()
    const service = {
      greeting: 'hello',
      calls: 0,
      greet: cache.wrap(
        async function (this: any, name: string, loud: boolean) {
          this.calls++
          return `${this.greeting} ${name}${loud ? '!' : ''}`
        },
        { key: (name, loud) => `${name}:${loud}`, ttl: 60 },
      ),
    }
    assert.equal(await service.greet('Ada', true), 'hello Ada!')
    assert.equal(await service.greet('Ada', true), 'hello Ada!')
    assert.equal(await service.greet('Ada', false), 'hello Ada')
    assert.equal(service.calls, 2)
    assert.equal(await cache.get('Ada:true'), 'hello Ada!')
  })

  test('metrics count what happened', async () => {
    const cache = newCache()
    const counts = () => {
      const { loadMs: _, bytesRead: __, bytesWritten: ___, ...rest } = cache.metrics()
      return rest
    }
    const zero = {
      hits: 0, nearHits: 0, staleHits: 0, negativeHits: 0, misses: 0, loads: 0, loadFailures: 0, refreshes: 0, coalesced: 0, leaseWaits: 0, stores: 0,
      unreadable: 0, schemaMisses: 0, errors: 0, degraded: 0, nearEntries: 0, nearBytes: 0, nearEvictions: 0,
    }
    assert.deepEqual(cache.metrics(), { ...zero, loadMs: 0, bytesRead: 0, bytesWritten: 0 })
    await cache.set('a', 1)
    await cache.setMany([['b', 2], ['c', 3]])
    await cache.getMany(['a', 'b', 'x'])
    await cache.get('y')
    await cache.lookup('a')
    await Promise.all([1, 2, 3].map(() => cache.getOrSet('d', () => 4)))
    await cache.getOrSet('e', () => undefined)
    await assert.rejects(cache.getOrSet('f', () => Promise.reject(new Error('no'))))
    await cache.set('a', 1, { ttl: 0 })
    assert.deepEqual(counts(), { ...zero, hits: 3, misses: 5, loads: 3, loadFailures: 1, coalesced: 2, stores: 4 })
    cache.metrics().hits = 99
    assert.equal(cache.metrics().hits, 3)
  })
})
