import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { CacheManager, type Redis, TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh, sentBy, warm } from './support/cache-tools'
import { copied, untilGone } from './support/near-tools'
import { until } from './support/until'

onEveryBackend('copies in memory', (backend) => {
  const newCache = (near: any = true, more = {}) => new TypeSafeCache(backend.redis, { namespace: fresh(), near, ...more })
  let other: Redis
  before(async () => {
    other = await backend.connect()
    await warm(backend.redis)
    await warm(other)
  })

  if (backend.real) {
    test('are given without a command, by get, getOrSet and peek, tagged or not, whatever the entry carries', async () => {
      const cache = newCache()
      const options = [{}, { tags: ['a', 'b'] }, { staleTtl: 60 }, { ttl: Infinity }, { tags: ['a'], staleTtl: 60, ttl: 60 }]
      for (const [i, option] of options.entries()) {
        const key = String(i)
        await cache.set(key, { i }, option)
        assert.deepEqual(await copied(cache, key), { i })
        const { nearHits, hits } = cache.metrics()
        const sent = await sentBy(backend.redis, async () => {
          assert.deepEqual(await cache.get(key), { i })
          assert.deepEqual(await cache.getOrSet<unknown>(key, () => assert.fail('a hit'), { staleTtl: 60 }), { i })
          assert.deepEqual(cache.peek(key), { i })
        })
        assert.deepEqual([sent, cache.metrics().nearHits - nearHits, cache.metrics().hits], [{}, 3, hits])
      }
    })
  }

  if (backend.real) {
    test('cost a read of a tagged entry no more than of another', async () => {
      const cache = newCache()
      await cache.set('plain', 1)
      await cache.set('tagged', 1, { tags: ['a', 'b', 'c'] })
      await copied(cache, 'plain')
      await cache.set('plain', 1)
      const sent = await sentBy(backend.redis, () => cache.get('plain'))
      assert.deepEqual(await sentBy(backend.redis, () => cache.get('tagged')), sent)
    })
  }

  type Change = (key: string, namespace: string) => Promise<unknown>
  const writer = (namespace: string) => new CacheManager(other, { namespace })
  const changes: Record<string, [Change, unknown]> = {
    'is overwritten': [(key, namespace) => writer(namespace).cacheWithTags(key, 'new', 60, []), 'new'],
    'is deleted': [(key, namespace) => writer(namespace).del(key), null],
    'is invalidated by its tag': [(_, namespace) => writer(namespace).invalidateByTag('t'), null],
    'is expired by its tag': [(_, namespace) => writer(namespace).invalidateByTag('t', { mode: 'expire' }), null],
    'is cleared away': [(_, namespace) => new TypeSafeCache(other, { namespace }).clear(), null],
    'is written by another program': [(key, namespace) => other.command('SET', `cache:${namespace}:${key}`, '"new"'), 'new'],
  }
  for (const [what, [change, expected]] of Object.entries(changes)) {
    test(`end when the entry ${what} by another client`, async () => {
      const cache = newCache()
      await cache.set('k', 'old', { tags: ['t'] })
      assert.equal(await copied(cache, 'k'), 'old')
      await change('k', cache.namespace)
      await untilGone(cache, 'k')
      assert.equal(await cache.get('k'), expected)
      if (expected !== null) assert.equal(await copied(cache, 'k'), expected)
    })
  }

  test('of a stored null are given as such', async () => {
    const cache = newCache()
    assert.equal(await cache.getOrSet('k', () => null, { negativeTtl: 60 }), null)
    await cache.set('set', null)
    for (const key of ['k', 'set']) {
      assert.equal(await copied(cache, key), null)
      assert.equal(await cache.getOrSet<unknown>(key, () => assert.fail('a hit')), null)
    }
    assert.equal(cache.peek('nowhere'), undefined)
  })

  test('are not made of what is stale, expired by its tag, being loaded, or cannot be read', async () => {
    const cache = newCache()
    await cache.set('stale', 'old', { ttl: '1ms', staleTtl: 60 })
    await cache.set('doomed', 'old', { tags: ['t'] })
    await writer(cache.namespace).invalidateByTag('t', { mode: 'expire' })
    await backend.redis.command('SET', `cache:${cache.namespace}:bad`, Uint8Array.of(0xc1, 99, 1))
    await until('it is stale', async () => (await cache.lookup('stale')).stale)
    for (let i = 0; i < 5; i++) {
      for (const key of ['stale', 'doomed', 'bad', 'none']) {
        assert.equal(await cache.get(key), null, key)
        assert.equal(cache.peek(key), undefined)
      }
    }
    assert.equal((await cache.lookup('stale')).value, 'old')
    // Stale values are given by `getOrSet`, and not from memory.
    const refreshed = cache.getOrSet('stale', () => 'new', { staleTtl: 60, ttl: 60 })
    assert.equal(cache.peek('stale'), undefined)
    assert.ok(['old', 'new'].includes(await refreshed))
    await until('the refresh has come', async () => (await cache.get('stale')) === 'new')
  })

  test('do not outlive the ttl of the entry, nor its fresh life, nor their own bound', async () => {
    const cases: [near: object, set: object][] = [
      [{ ttlMs: 60_000 }, { ttl: '300ms' }],
      [{ ttlMs: 60_000 }, { ttl: '300ms', staleTtl: 60 }],
      [{ ttlMs: 300 }, { ttl: 60 }],
      [{ ttlMs: 300 }, { ttl: Infinity }],
    ]
    for (const [near, set] of cases) {
      const cache = newCache(near)
      let begun = 0
      // A machine that stands still lets the 300 ms pass before there is a copy.
      await until('a copy is in memory', async () => {
        await cache.set('k', 1, set)
        // Who share a read share its copy.
        await Promise.all([cache.get('k'), cache.get('k'), cache.getOrSet('k', () => 1), cache.getOrSet('k', () => 1)])
        // Whatever it is the end of began before.
        begun = performance.now()
        return cache.peek('k') === 1
      })
      await until('its time has come', () => {
        const ms = performance.now() - begun
        const value = cache.peek('k')
        assert.ok(value === undefined || ms < 320, `given after ${ms} ms`)
        return value === undefined
      })
    }
  })

  if (!backend.real) {
    test('are given for a second at the most where the server does not tell of changes', async () => {
      const cache = newCache({ ttlMs: 60_000 })
      await cache.set('k', 1)
      assert.equal(await copied(cache, 'k'), 1)
      const begun = performance.now()
      await other.command('SET', `cache:${cache.namespace}:k`, '2')
      await until('its time has come', () => {
        const ms = performance.now() - begun
        const value = cache.peek('k')
        assert.ok(value === undefined || ms < 1020, `given after ${ms} ms`)
        return value === undefined
      })
      assert.equal(await cache.get('k'), 2)
    })
  }

  test('leave getMany and lookup right, which ask the server', async () => {
    const cache = newCache()
    await cache.setMany([['a', 1], ['b', 2]])
    await copied(cache, 'a')
    await new TypeSafeCache(other, { namespace: cache.namespace }).set('a', 'new')
    assert.deepEqual(await cache.getMany(['a', 'b', 'c']), ['new', 2, null])
    assert.deepEqual((await cache.lookup('b')).value, 2)
    assert.deepEqual([...(await cache.getOrSetMany(['a', 'b', 'c'], () => new Map([['c', 3]])))], [['a', 'new'], ['b', 2], ['c', 3]] as any)
  })

  test('are for those who have not given up', async () => {
    const cache = newCache()
    await cache.set('k', 1)
    await copied(cache, 'k')
    await assert.rejects(cache.getOrSet('k', () => 1, { signal: AbortSignal.abort(new Error('given up')) }), { message: 'given up' })
  })

  test('are not for a load that is forced', async () => {
    const cache = newCache()
    await cache.set('k', 1)
    await copied(cache, 'k')
    assert.equal(await cache.getOrSet('k', () => 2, { forceFresh: true }), 2)
  })

  test('of one client are read by all, each with its own', async () => {
    const [one, two] = [newCache(), new TypeSafeCache(other, { namespace: fresh(), near: true })]
    await one.set('k', 'one')
    await two.set('k', 'two', { namespace: one.namespace })
    await untilGone(one, 'k')
    assert.equal(await one.get('k'), 'two')
    assert.equal(await copied(two, 'k', one.namespace), 'two')
    assert.equal(two.peek('k'), undefined, 'of the own namespace there is none')
  })
})
