import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { serialize, deserialize } from 'node:v8'
import { type CacheOptions, TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'

onEveryBackend('compression', (backend) => {
  const newCache = (options: CacheOptions = { compress: true }) => new TypeSafeCache(backend.redis, { namespace: fresh(), ...options })
  const keyOf = (cache: TypeSafeCache, key: string) => `cache:${cache.namespace}:${key}`
  const raw = async (cache: TypeSafeCache, key: string) => Buffer.from(await backend.redis.command<Uint8Array | string>('GET', keyOf(cache, key)) as any)
  const size = (cache: TypeSafeCache, key: string) => backend.redis.command<number>('STRLEN', keyOf(cache, key))

  test('makes large values smaller, from so many bytes on, and every cache reads them', async () => {
    const cache = newCache()
    const plain = newCache({ namespace: cache.namespace, near: true })
    const values: Record<string, unknown> = {
      text: 'ab'.repeat(5000),
      object: { list: Array.from({ length: 1000 }, (_, i) => ({ i, name: 'Ada' })) },
      bytes: new Uint8Array(10_000).fill(7),
      buffer: Buffer.alloc(10_000, 'x'),
    }
    for (const [key, value] of Object.entries(values)) {
      await cache.set(key, value)
      assert.ok((await size(cache, key)) < 8000, key)
      for (const back of [await cache.get(key), await plain.get(key), await plain.get(key), (await plain.getMany([key]))[0]]) {
        assert.deepEqual(back, value)
        assert.equal(Buffer.isBuffer(back), Buffer.isBuffer(value))
      }
    }
    await cache.set('small', 'a'.repeat(1000))
    assert.equal(await size(cache, 'small'), 1002, 'plain JSON')
    const from = newCache({ compress: { fromBytes: 10 } })
    await from.set('k', 'a'.repeat(200))
    assert.ok((await size(from, 'k')) < 100)
    await from.set('k', 'short')
    assert.equal((await raw(from, 'k')).toString(), '"short"')
  })

  test('leaves what does not get smaller as it is', async () => {
    const cache = newCache({ compress: { fromBytes: 1 } })
    const noise = randomBytes(5000)
    await cache.set('k', noise)
    assert.ok((await size(cache, 'k')) <= 5036)
    assert.deepEqual(await cache.get('k'), noise)
    await cache.set('empty', new Uint8Array())
    assert.deepEqual(await cache.get('empty'), new Uint8Array())
  })

  test('is not done before a write is handed over: what a closed client refuses has cost nothing', async () => {
    const redis = await backend.connect()
    const cache = new TypeSafeCache(redis, { namespace: fresh(), compress: { fromBytes: 1 } })
    const value = 'ab'.repeat(5000)
    const entries = [['k', value], ['l', value]] as const
    const writes: Record<string, () => Promise<unknown>> = {
      set: () => cache.set('k', value),
      'set with a stale life': () => cache.set('k', value, { staleTtl: 60 }),
      setMany: () => cache.setMany(entries),
      'setMany with a stale life': () => cache.setMany(entries, { staleTtl: 60 }),
    }
    const written = () => cache.metrics().bytesWritten
    for (const [what, write] of Object.entries(writes)) {
      const before = written()
      await write()
      assert.ok(written() > before, `${what} counts what it has made ready`)
    }
    const before = written()
    await redis.close()
    for (const [what, write] of Object.entries(writes)) {
      await assert.rejects(write(), { code: 'ERR_CLOSED' })
      assert.equal(written(), before, `${what} has made ready what is not sent`)
    }
  })

  test('is of whole values up to the largest', async () => {
    const cache = newCache({ compress: true, codec: { id: 64, encode: serialize, decode: deserialize } })
    const value = { text: 'äb😀'.repeat(300_000), bytes: Buffer.alloc(3_000_000, 1) }
    for (const options of [{}, { tags: ['t'], staleTtl: 60 }]) {
      await cache.set('k', value, options)
      assert.ok((await size(cache, 'k')) < 200_000)
      assert.deepEqual(await cache.get('k'), value)
    }
    assert.ok(cache.metrics().bytesRead < 1_000_000, 'what crossed the wire')
    await assert.rejects(newCache({ compress: true, maxValueBytes: 1000 }).set('k', 'x'.repeat(1001)), { name: 'RangeError' })
  })

  test('of somebody hostile, or cut off, is a miss: nothing throws, hangs or takes memory', async () => {
    const cache = newCache({ compress: true, near: true })
    await cache.set('good', 'ab'.repeat(5000))
    const good = await raw(cache, 'good')
    const head = good.subarray(0, 36)
    const block = (length: number, ...bytes: number[]) => {
      const size = Buffer.alloc(4)
      size.writeUInt32LE(length)
      return Buffer.concat([head, size, Buffer.from(bytes)])
    }
    const hostile: Record<string, Buffer> = {
      'a bomb of 4 GiB': block(0xffffffff, 0x1f, 0x61, 1, 0, 255, 255, 255, 255),
      'a bomb of 64 MiB': block(64 * 1024 * 1024, 0x1f, 0x61, 1, 0, 255, 0),
      'no length': head,
      'a length and nothing': block(100),
      'a reference before the beginning': block(20, 0x10, 0x61, 255, 255, 0x50, 1, 2, 3, 4, 5),
      'more than it says': Buffer.concat([head, block(4).subarray(36), good.subarray(40)]),
      'less than it says': Buffer.concat([head, block(1_000_000).subarray(36), good.subarray(40)]),
      'noise': Buffer.concat([head, randomBytes(2000)]),
      'cut off': good.subarray(0, good.length - 3),
      'cut off in its head': good.subarray(0, 20),
    }
    const before = process.memoryUsage().rss
    for (const [what, bytes] of Object.entries(hostile)) {
      await backend.redis.command('SET', keyOf(cache, 'k'), bytes)
      for (let i = 0; i < 3; i++) {
        assert.equal(await cache.get('k'), null, what)
        assert.deepEqual(await cache.getMany(['k', 'good']), [null, 'ab'.repeat(5000)], what)
        assert.equal((await cache.lookup('k')).hit, false, what)
        assert.equal(cache.peek('k'), undefined)
      }
      assert.deepEqual(await raw(cache, 'k'), bytes, 'a read deletes nothing')
      assert.equal(await cache.getOrSet('k', () => 'loaded'), 'loaded', what)
    }
    assert.ok(cache.metrics().unreadable >= 9 * Object.keys(hostile).length)
    assert.ok(process.memoryUsage().rss - before < 200 * 1024 * 1024)
  })

  test('goes with leases, tags, a stale life and many', async () => {
    const cache = newCache({ compress: { fromBytes: 1 }, codec: 'typed' })
    const keys = Array.from({ length: 50 }, (_, i) => String(i))
    const value = (key: string) => ({ key, date: new Date(Number(key)), text: key.repeat(100) })
    const all = await cache.getOrSetMany(keys, (missing) => new Map(missing.map((key) => [key, value(key)])), { tags: ['t'], staleTtl: 60 })
    assert.deepEqual([...all.values()], keys.map(value))
    assert.deepEqual(await cache.getMany(keys), keys.map(value))
    assert.deepEqual(await cache.getOrSet<any>('0', () => 1, { forceFresh: true }), 1)
    await cache.set('stale', value('1'), { ttl: '1ms', staleTtl: 60 })
    assert.deepEqual((await cache.lookup('stale')).value, value('1'))
  })
})
