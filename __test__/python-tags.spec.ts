import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CacheManager, Redis } from '../index.js'
import type { TestServer } from '../testing.js'
import { fresh } from './support/cache-tools'
import { python, type Python } from './support/python'
import { realServer } from './support/servers'
import { tagKeys } from './support/tag-scripts'

describe('tags of Python with redis-py', { timeout: 300_000 }, () => {
  let py: Python
  let server: TestServer
  let redis: Redis
  before(async () => {
    py = await python()
    server = await realServer({ tcp: true })
    redis = await Redis.connect(server.url)
  })
  after(async () => {
    await redis?.close()
    await server?.stop()
  })
  const ask = (...requests: unknown[][]): any[] => JSON.parse(py.run('program.py', [server.url], JSON.stringify(requests)))
  const HOUR = 3_600_000
  const names = ['t', 'user:1000', '50%', '{a}', '}', '😀 Größe', '*']
  const aPrefix = () => fresh('py:%{x}')

  test('it reads tagged entries, and knows the marks of their tags', async () => {
    const prefix = aPrefix()
    const cache = new CacheManager(redis, { prefix, namespace: 'ns' })
    await cache.cacheWithTags('a', { name: 'Ada' }, '1h', names)
    await cache.cacheWithTags('b', Buffer.from('bytes'), '1h', ['t'])
    const marks = names.map((name) => tagKeys(prefix, name).mark.toString('hex'))
    assert.deepEqual(ask(['get', prefix, 'ns', 'a'], ['get', prefix, 'ns', 'b'], ['marks', prefix, 'ns', 'a'], ...names.map((name) => ['mark', prefix, name])), [
      { name: 'Ada' }, { $bytes: Buffer.from('bytes').toString('hex') }, marks, ...marks,
    ])
  })

  test('what it stores with tags is invalidated here', async () => {
    const prefix = aPrefix()
    const cache = new CacheManager(redis, { prefix, namespace: 'ns' })
    ask(...names.map((name, i) => ['set tagged', prefix, 'ns', `k${i}`, { i }, HOUR, [name, 'all']]), ['set tagged', prefix, 'ns', 'bytes', { $bytes: '00ff' }, 60_000, ['all']])
    assert.deepEqual(await cache.get('bytes'), Uint8Array.of(0, 255))
    // The shorter life of the last has not shortened that of the index.
    assert.ok((await redis.command<number>('PTTL', tagKeys(prefix, 'all').index)) > HOUR / 2)
    for (const [i, name] of names.entries()) {
      const { value, ageMs, ttlMs } = await cache.lookup(`k${i}`)
      assert.deepEqual([value, ageMs !== null, ttlMs > HOUR / 2], [{ i }, true, true])
      assert.equal(await cache.invalidateByTag(name, { mode: i % 2 ? 'expire' : 'delete' }), 1)
      assert.equal(await cache.get(`k${i}`), null)
    }
    assert.equal(await cache.invalidateByTag('all'), 1 + Math.floor(names.length / 2))
  })

  test('its invalidation deletes what is stored here, and nothing else', async () => {
    const prefix = aPrefix()
    const cache = new CacheManager(redis, { prefix, namespace: 'ns' })
    const keys = Array.from({ length: 600 }, (_, i) => `k${i}`)
    await Promise.all(keys.map((key, i) => cache.cacheWithTags(key, i, '1h', ['all', names[i % names.length]!])))
    await cache.cacheWithTags('k0', 'anew', '1h', ['other'])
    const third = keys.filter((_, i) => i % names.length === 3)
    assert.deepEqual(ask(['invalidate', prefix, '{a}'], ['invalidate', prefix, '{a}'], ['invalidate', prefix, 'all']), [third.length, 0, keys.length - third.length - 1])
    assert.deepEqual(new Set(await Promise.all(keys.map((key) => cache.get(key)))), new Set(['anew', null]))
  })

  test('its invalidation is heard by loads that are under way', async () => {
    const prefix = aPrefix()
    const cache = new CacheManager(redis, { prefix, namespace: 'ns' })
    const loaded = await Promise.all([
      cache.getOrSet('a', async () => (ask(['invalidate', prefix, 't']), 'old'), { tags: ['t'] }),
      cache.getOrSet('b', async () => 'old', { tags: () => ['u'] }),
    ])
    assert.deepEqual(loaded, ['old', 'old'])
    assert.deepEqual([await cache.get('a'), await cache.get('b')], [null, 'old'])
    assert.equal(await cache.getOrSet('a', () => 'new', { tags: ['t'] }), 'new')
    assert.equal(await cache.get('a'), 'new')
  })
})
