import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import os from 'node:os'
import { Redis, RedisRepository, TypeSafeCache } from '../index.js'
import type { TestServer } from '../testing.js'
import { fresh, sentBy } from './support/cache-tools'
import { realServer } from './support/servers'

const MiB = 1 << 20
const LARGEST = 64 * MiB
/** A value of the largest size is held a few times on its way, here and in the server. */
const scarce = os.freemem() < 1024 * MiB && 'less than 1 GiB of memory is free'

describe('the limit of a value', () => {
  let server: TestServer
  let redis: Redis
  before(async () => {
    server = await realServer()
    redis = await Redis.connect(server.url)
  })
  after(async () => {
    await redis.close()
    await server.stop()
  })

  // Each of these is ten bytes as stored.
  const fitting: [what: string, value: unknown][] = [
    ['text with its quotes', 'x'.repeat(8)],
    ['text of two bytes a character', 'é'.repeat(4)],
    ['text of four bytes a character', '😀😀'],
    ['text with an escape', 'a\0b'],
    ['a number', 1234567890],
    ['a list', [1, 2, 3, 45]],
    ['bytes without their header', new Uint8Array(10)],
    ['a Buffer', Buffer.alloc(10)],
  ]
  for (const [what, value] of fitting) {
    test(`counts bytes as stored: ${what}`, async () => {
      const roomy = new TypeSafeCache(redis, { namespace: fresh(), maxValueBytes: 10 })
      const tight = new TypeSafeCache(redis, { namespace: roomy.namespace, maxValueBytes: 9 })
      const users = new RedisRepository(redis, fresh(), { maxValueBytes: 9 })
      await roomy.set('1', value)
      await roomy.setMany([['2', value]])
      assert.deepEqual(await roomy.getMany(['1', '2']), [value, value])
      const sent = await sentBy(redis, async () => {
        const error = { name: 'RangeError', code: 'ERR_INVALID_ARG', message: 'value must be at most 9 bytes as stored, got 10' }
        await assert.rejects(tight.set('1', value), error)
        await assert.rejects(tight.set('1', value, { ttl: 0 }), error)
        await assert.rejects(users.set('1', value), error)
        await assert.rejects(tight.setMany([['1', 0], ['2', value]]), { ...error, message: /^entries\[1\]\[1\] must be at most 9 bytes/ })
      })
      assert.deepEqual(sent, {})
      // What is stored already is read, whatever the limit of the reader.
      assert.deepEqual(await tight.get('1'), value)
    })
  }

  test('is 64 MiB where nothing is said; bytes and text of that size come back', { skip: scarce }, async () => {
    const cache = new TypeSafeCache(redis, { namespace: fresh(), timeoutMs: '60s' })
    const bytes = Buffer.alloc(LARGEST, 'redwright')
    await cache.set('1', bytes)
    const back = await cache.get<Buffer>('1')
    assert.ok(back!.equals(bytes))
    await cache.del('1')

    const text = 'x'.repeat(LARGEST - 2)
    await cache.set('1', text)
    assert.ok((await cache.get('1')) === text)
    await cache.clear()

    const sent = await sentBy(redis, async () => {
      const error = { name: 'RangeError', code: 'ERR_INVALID_ARG', message: 'value must be at most 67108864 bytes as stored, got 67108865' }
      await assert.rejects(cache.set('1', `${text}x`), error)
      await assert.rejects(cache.set('1', new Uint8Array(LARGEST + 1)), error)
    })
    assert.deepEqual(sent, {})
  })

  test('what is too deep for JSON is a RangeError with its cause', async () => {
    const cache = new TypeSafeCache(redis, { namespace: fresh() })
    let deep: unknown = 1
    for (let i = 0; i < 200_000; i++) deep = [deep]
    await assert.rejects(cache.set('1', deep), (error: any) => {
      assert.deepEqual([error.name, error.code, error.cause.name], ['RangeError', 'ERR_INVALID_ARG', 'RangeError'])
      return error.message.startsWith('value is too large or too deep')
    })
    assert.equal(await cache.getOrSet('1', () => deep), deep)
  })
})
