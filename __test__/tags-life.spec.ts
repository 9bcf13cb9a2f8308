import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CacheManager, TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { tagKeys } from './support/tag-scripts'
import { until } from './support/until'

onEveryBackend('the life of a tag', (backend) => {
  function aCache() {
    const prefix = fresh('life')
    const { index } = tagKeys(prefix, 't')
    const { redis } = backend
    const members = () => redis.command<string[]>('ZRANGE', index, 0, -1)
    const key = (id: string) => `${prefix}:default:${id}`
    return { cache: new CacheManager(redis, { prefix }), index, members, key, pttl: () => redis.command<number>('PTTL', index) }
  }
  const HOUR = 3_600_000

  test('is as long as the longest of its entries, whatever comes later', async () => {
    const { cache, pttl } = aCache()
    await cache.cacheWithTags('a', 1, '1h', ['t'])
    await cache.cacheWithTags('b', 1, '1s', ['t'])
    await cache.cacheWithTags('a', 1, '1s', ['t'])
    assert.ok((await pttl()) > HOUR / 2)
    await cache.cacheWithTags('c', 1, '2h', ['t'])
    assert.ok((await pttl()) > HOUR)
  })

  for (const [what, lives] of [['first', [Infinity, '1s']], ['last', ['1s', Infinity]]] as const) {
    test(`has no end where an entry has none: ${what}`, async () => {
      const { cache, pttl } = aCache()
      for (const [i, ttl] of lives.entries()) await cache.cacheWithTags(String(i), 1, ttl, ['t'])
      assert.equal(await pttl(), -1)
      assert.ok((await cache.invalidateByTag('t')) > 0)
      assert.equal(await pttl(), -2)
    })
  }

  // A store that moves none of them leaves the index as it is.
  test('does not end before the times at which its members leave', async () => {
    const { cache, index } = aCache()
    const ENDS = "local t = redis.call('TIME') return { t[1] * 1000 + math.floor(t[2] / 1000) + redis.call('PTTL', KEYS[1]), redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2] }"
    for (let seconds = 1000; seconds <= 1300; seconds += 5) {
      await cache.cacheWithTags(String(seconds % 4), 1, seconds, ['t'])
      const [end, last] = await backend.redis.command<[number, string]>('EVAL', ENDS, 1, index)
      // A script's clock goes on while it runs.
      assert.ok(end + 100 >= Number(last), `after one of ${seconds} s, ${Number(last) - end} ms too soon`)
    }
  })

  test('an entry is found as long as it lives, though a load that lost its lease would have stored it for less', async () => {
    const { cache, members, key } = aCache()
    const stored = cache.getOrSet('a', async () => {
      await cache.cacheWithTags('a', 'set', '1h', ['t'])
      return 'loaded'
    }, { ttl: '1ms', tags: ['t'] })
    assert.equal(await stored, 'loaded')
    assert.equal(await cache.get('a'), 'set')
    const score = Number(await backend.redis.command('ZSCORE', tagKeys(key('').split(':')[0]!, 't').index, key('a')))
    assert.ok(score > Date.now() + HOUR / 2, `its time is over at ${score}`)
    assert.deepEqual(await members(), [key('a')])
    assert.equal(await cache.invalidateByTag('t'), 1)
  })

  if (!backend.name.includes('cluster')) {
    test('has an end again when the only entry without one is replaced', async () => {
      const { cache, pttl } = aCache()
      for (const ttl of [Infinity, '1h'] as const) await cache.cacheWithTags('a', 1, ttl, ['t'])
      assert.ok((await pttl()) > HOUR / 2)
    })

    test('has an end again when that one is replaced behind a new one of its turn', async () => {
      const { cache, pttl } = aCache()
      await cache.cacheWithTags('a', 1, Infinity, ['t'])
      // The first of a turn leaves before the others.
      await Promise.all([['first', 'other'], ['b', 't'], ['a', 't']].map(([key, tag]) => cache.cacheWithTags(key!, 1, '1h', [tag!])))
      assert.ok((await pttl()) > HOUR / 2)
    })

    test('has no end while an entry has none, though another is stored twice in one turn', async () => {
      const { cache, pttl } = aCache()
      await cache.cacheWithTags('endless', 1, Infinity, ['t'])
      // The first of a turn leaves before the others.
      await Promise.all(['first', 'a', 'a'].map((key) => cache.cacheWithTags(key, 1, '1s', ['t'])))
      assert.equal(await pttl(), -1)
    })

    // There time goes on within a script.
    if (!backend.name.includes('js-redis-server')) {
      test('has no end where it was about to end when an entry came that has none', async () => {
        for (let i = 0; i < 100; i++) {
          const { cache, pttl, index } = aCache()
          await backend.redis.command('ZADD', index, Date.now(), 'gone soon')
          await backend.redis.command('PEXPIRE', index, 1)
          await cache.cacheWithTags('a', 1, Infinity, ['t'])
          assert.equal(await pttl(), -1)
        }
      })
    }

    test('what stays because its successor was refused is found for as long as it lives', async () => {
      const { cache, pttl, index, members, key } = aCache()
      await cache.cacheWithTags('a', 'endless', Infinity, ['t'])
      const other = index.replace(/\{t\}$/, '{of another kind}')
      await backend.redis.command('SET', other, 'no index', 'PX', HOUR)
      await assert.rejects(cache.cacheWithTags('a', 'refused', '1h', ['t', 'of another kind']), { serverCode: 'WRONGTYPE' })
      assert.equal(await cache.get('a'), 'endless')
      assert.deepEqual([await pttl(), await members()], [-1, [key('a')]])
      assert.equal(await cache.invalidateByTag('t'), 1)
    })

    // Elsewhere they stay for a minute longer.
    test('members that have ended leave when others come', async () => {
      const { cache, members, key } = aCache()
      await Promise.all(Array.from({ length: 100 }, (_, i) => cache.cacheWithTags(`short ${i}`, 1, '1ms', ['t'])))
      await cache.cacheWithTags('long', 1, '1h', ['t'])
      let stored = 0
      await until('the others have left', async () => {
        await cache.cacheWithTags('long', stored++, '1h', ['t'])
        return (await members()).length === 1
      })
      assert.deepEqual(await members(), [key('long')])
    })
  }

  test('nothing is left without an end after work of every kind', async () => {
    const prefix = fresh('ends')
    const cache = new CacheManager(backend.redis, { prefix, staleTtl: 60 })
    const plain = new TypeSafeCache(backend.redis, { prefix })
    const tags = ['a', 'b', 'c']
    await Promise.all(Array.from({ length: 200 }, async (_, i) => {
      const key = String(i % 20)
      const own = tags.filter((_, bit) => i & (1 << bit))
      if (i % 7 === 0) await cache.invalidateByTags(own, { match: i % 2 ? 'all' : 'any', mode: i % 3 ? 'delete' : 'expire' })
      else if (i % 7 === 1) await cache.getOrSet(key, () => Promise.reject(new Error('down')), { tags: own }).catch(() => {})
      else if (i % 7 === 2) await cache.getOrSet(key, () => i, { tags: () => own, forceFresh: true })
      else if (i % 7 === 3) await plain.setMany([[key, i]], { tags: own })
      else if (i % 7 === 4) await cache.del(key)
      else await cache.cacheWithTags(key, i, '1h', own)
    }))
    const names = [...Array.from({ length: 20 }, (_, i) => `${prefix}:default:${i}`), `${prefix}:%epoch`]
    for (const tag of tags) names.push(...Object.values(tagKeys(prefix, tag)).filter((name) => typeof name === 'string'))
    for (const name of names) assert.notEqual(await backend.redis.command('PTTL', name), -1, name)
  })
})
