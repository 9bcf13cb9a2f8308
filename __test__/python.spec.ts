import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis, RedisRepository, TypeSafeCache } from '../index.js'
import { KeyvRedwright } from '../keyv.js'
import type { TestServer } from '../testing.js'
import { python, type Python } from './support/python'
import { realServer } from './support/servers'

type Key = [prefix: string, namespace: string, id: string]
type Request = ['get' | 'ttl', ...Key] | ['set', ...Key, value: unknown, ttlMs: number | null]

describe('Python with redis-py', { timeout: 300_000 }, () => {
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

  const ask = (...requests: Request[]): any[] => JSON.parse(py.run('program.py', [server.url], JSON.stringify(requests)))

  const MISS = { $miss: true }
  const values: unknown[] = [
    null, true, 0, -0.5, 2 ** 53 - 1, 1e300, '', '007', 'null', 'Größe 😀 \u2028 \u0000 "\\', [], {},
    { name: 'Größe 😀', list: [1, [2.5, null]], nested: { '': 'x', __proto__x: 1 } },
  ]
  /** Namespaces and ids that need care. */
  const names: [string, string][] = [['user', '1000'], ['a:b', 'c'], ['a', 'b:c'], ['50%', '%3A'], ['%3A%25', ':'], ['Größe 😀', '* ?[x]\n']]

  test('the reference of the format agrees with itself', () => {
    py.run('test_format.py', ['--quiet'])
  })

  test('reads what the cache and the repository store', async () => {
    const cache = new TypeSafeCache(redis, { namespace: 'values' })
    const records = new RedisRepository<unknown>(redis, 'values')
    for (const [i, value] of values.entries()) await Promise.all([cache.set(`v${i}`, value), records.set(`v${i}`, value)])
    for (const prefix of ['cache', 'repo']) {
      assert.deepEqual(ask(...values.map((_, i): Request => ['get', prefix, 'values', `v${i}`])), values)
    }
  })

  test('writes what the cache and the repository read', async () => {
    for (const prefix of ['cache', 'repo']) ask(...values.map((value, i): Request => ['set', prefix, 'python', `v${i}`, value, 60_000]))
    const ids = values.map((_, i) => `v${i}`)
    const cache = new TypeSafeCache(redis, { namespace: 'python' })
    assert.deepEqual(await cache.getMany(ids), values)
    assert.deepEqual(await new RedisRepository(redis, 'python').getMany(ids), values)
    for (const id of ids) {
      const { hit, value } = await cache.lookup(id)
      assert.deepEqual([hit, value], [true, values[ids.indexOf(id)]])
    }
    assert.deepEqual(await cache.getOrSet<unknown>('v12', () => assert.fail('a hit')), values[12])
  })

  test('finds the same keys, whatever is in their names', async () => {
    for (const [namespace, id] of names) await new TypeSafeCache(redis, { prefix: 'p:%', namespace }).set(id, [namespace, id])
    assert.deepEqual(ask(...names.map(([namespace, id]): Request => ['get', 'p:%', namespace, id])), names)
    ask(...names.map(([namespace, id]): Request => ['set', 'q:%', namespace, id, [id, namespace], null]))
    for (const [namespace, id] of names) {
      assert.deepEqual(await new TypeSafeCache(redis, { prefix: 'q:%', namespace }).get(id), [id, namespace])
    }
  })

  test('reads and writes bytes', async () => {
    const cache = new TypeSafeCache(redis, { namespace: 'bytes' })
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
    await cache.set('array', bytes)
    await cache.set('buffer', Buffer.from(bytes))
    const $bytes = Buffer.from(bytes).toString('hex')
    assert.deepEqual(ask(['get', 'cache', 'bytes', 'array'], ['get', 'cache', 'bytes', 'buffer']), [{ $bytes }, { $bytes }])
    ask(['set', 'cache', 'bytes', 'python', { $bytes }, 60_000])
    assert.deepEqual(await cache.get('python'), bytes)
  })

  test('the lives are those of Redis, on both sides', async () => {
    const cache = new TypeSafeCache(redis, { namespace: 'lives' })
    await cache.set('ends', 1, { ttl: '1h' })
    await cache.set('endless', 1, { ttl: Infinity })
    ask(['set', 'cache', 'lives', 'py ends', 1, 3_600_000], ['set', 'cache', 'lives', 'py endless', 1, null])
    const [ends, endless, missing] = ask(['ttl', 'cache', 'lives', 'ends'], ['ttl', 'cache', 'lives', 'endless'], ['ttl', 'cache', 'lives', 'x'])
    const inTheHour = (ms: number) => ms > 1_800_000 && ms <= 3_600_000
    assert.deepEqual([inTheHour(ends), endless, missing], [true, -1, -2])
    const { ttlMs } = await cache.lookup('py ends')
    assert.ok(inTheHour(ttlMs), String(ttlMs))
    assert.equal((await cache.lookup('py endless')).ttlMs, Infinity)
  })

  test('garbage is a miss, on both sides, and stays where it is', async () => {
    const cache = new TypeSafeCache(redis, { namespace: 'garbage' })
    const garbage = ['ff', 'c1', 'c101', 'c10109aa', 'c102', 'c1020300', 'c1ff01aa', '7b22ff'].map((hex) => Buffer.from(hex, 'hex'))
    for (const [i, bytes] of garbage.entries()) await redis.command('SET', `cache:garbage:g${i}`, bytes)
    const ids = garbage.map((_, i) => `g${i}`)
    assert.deepEqual(await cache.getMany(ids), garbage.map(() => null))
    assert.deepEqual(ask(...ids.map((id): Request => ['get', 'cache', 'garbage', id])), garbage.map(() => MISS))
    assert.equal(await redis.command('EXISTS', ...ids.map((id) => `cache:garbage:${id}`)), garbage.length)
    await redis.command('SET', 'cache:garbage:text', 'no JSON')
    assert.deepEqual([await cache.get('text'), ...ask(['get', 'cache', 'garbage', 'text'])], ['no JSON', 'no JSON'])
  })

  test('what the one deletes the other misses', async () => {
    const cache = new TypeSafeCache(redis, { namespace: 'deleted' })
    await cache.set('a', 1)
    await cache.del('a')
    assert.deepEqual(ask(['get', 'cache', 'deleted', 'a']), [MISS])
  })

  test('reads what Keyv has stored', async () => {
    await new KeyvRedwright(redis, { namespace: 'shared' }).set('a', JSON.stringify({ value: { name: 'Größe' } }))
    const [text] = ask(['get', 'keyv', 'shared', 'a'])
    assert.deepEqual(JSON.parse(text), { value: { name: 'Größe' } })
  })
})
