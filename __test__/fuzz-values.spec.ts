import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { RedisRepository, RedwrightError, TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { root } from './support/root'

const load = createRequire(import.meta.url)
const { revive } = load(path.join(root, 'lib/replies.js'))
const { Values, MISS, UNREADABLE } = load(path.join(root, 'lib/values.js'))
const { decode } = new Values({})

/** Bytes as another version, another program or a fault may have left them: headers and JSON among them, whole and cut. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.tuple(fc.constantFrom(0, 1, 2, 3, 255), fc.constantFrom(0, 1, 2, 3, 255), fc.uint8Array({ maxLength: 20 })).map(([version, codec, rest]) => Uint8Array.of(0xc1, version, codec, ...rest)),
  fc.json().map((json) => new TextEncoder().encode(json)),
  fc.tuple(fc.json(), fc.nat(30)).map(([json, cut]) => new TextEncoder().encode(json).slice(0, cut)),
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => new TextEncoder().encode(text)),
  fc.nat(5000).map((depth) => new TextEncoder().encode('['.repeat(depth))),
)

/** What is promised of stored bytes: JSON, other text, bytes behind a header that is known; else nothing. */
function valueOf(stored: Uint8Array): { value: unknown } | null {
  if (stored[0] === 0xc1 && stored[1] === 1 && (stored[2] === 1 || stored[2] === 2)) return { value: Buffer.from(stored.slice(3)) }
  let text
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(stored)
  } catch {
    return null
  }
  try {
    return { value: JSON.parse(text) }
  } catch {
    return { value: text }
  }
}

const asBuffer = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value) : value)

onEveryBackend('stored bytes of any kind', (backend) => {
  test('are a value, or a miss that is counted; never an error, and never changed', async () => {
    const cache = new TypeSafeCache(backend.redis, { namespace: fresh() })
    const repository = new RedisRepository(backend.redis, fresh())
    const check = fc.asyncProperty(bytes, async (stored) => {
      const expected = valueOf(stored)
      const key = `cache:${cache.namespace}:k`
      await backend.redis.command('SET', key, stored)
      await backend.redis.command('SET', `repo:${repository.namespace}:k`, stored)
      const before = cache.metrics()
      const value = expected === null ? null : expected.value
      const found = [await cache.get('k'), (await cache.lookup('k')).value, ...(await cache.getMany(['k'])), await repository.get('k'), ...(await repository.getMany(['k']))]
      for (const one of found) assert.deepEqual(asBuffer(one), value)
      const { unreadable, hits, misses, errors } = cache.metrics()
      const counted = [unreadable - before.unreadable, misses - before.misses, hits - before.hits, errors]
      assert.deepEqual(counted, expected === null ? [3, 3, 0, 0] : [0, 0, 3, 0])
      assert.equal(await cache.exists('k'), true)
      const kept = await backend.redis.command<Uint8Array | string>('GETRANGE', key, 0, -1)
      assert.deepEqual(Buffer.from(kept as string), Buffer.from(stored))
    })
    await fc.assert(check, { seed: 1, numRuns: backend.real ? 300 : 30 })
  })

  test('under keys of any text, beside each other', async () => {
    const cache = new TypeSafeCache(backend.redis, { namespace: fresh() })
    const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).filter((key) => !key.includes('\0') && (key as any).isWellFormed())
    const check = fc.asyncProperty(fc.uniqueArray(key, { minLength: 1, maxLength: 8 }), fc.constantFrom('', 'x'.repeat(100), 'ä'.repeat(300)), async (keys, tail) => {
      const ids = keys.map((key) => key + tail)
      await cache.setMany(ids.map((id) => [id, id]))
      assert.deepEqual(await cache.getMany(ids), ids)
      assert.deepEqual(await Promise.all(ids.map((id) => cache.get(id))), ids)
      assert.equal(await backend.redis.command('PING', ids[0]!), ids[0])
      assert.equal(await cache.deleteMany(ids), ids.length)
    })
    await fc.assert(check, { seed: 1, numRuns: backend.real ? 200 : 20 })
  })
})

describe('what comes up from the core', () => {
  test('of any shape is decoded to a value, a miss, or what cannot be read', () => {
    const stored = fc.oneof(fc.constantFrom(null, false), fc.string({ unit: 'binary' }), fc.json(), fc.uint8Array())
    const check = fc.property(stored, (stored) => {
      const value = decode(stored)
      if (stored === null) assert.equal(value, MISS)
      else if (stored === false) assert.equal(value, UNREADABLE)
      else assert.ok(value !== MISS && value !== UNREADABLE)
    })
    fc.assert(check, { seed: 1, numRuns: 2000 })
    // What another codec has written is a value, or cannot be read.
    const coded = fc.tuple(fc.integer({ min: 3, max: 130 }), fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.uint8Array()))
    fc.assert(fc.property(coded, (coded) => assert.notEqual(decode(coded), MISS)), { seed: 1, numRuns: 2000 })
  })

  test('keeps its values, and its failures become errors of the family', () => {
    const failure = fc.tuple(fc.constantFrom('ERR_SERVER', 'ERR_PROTOCOL'), fc.string(), fc.boolean(), fc.boolean(), fc.constantFrom('', 'ERR', 'WRONGTYPE'))
    const error = failure.map((failure) => Object.assign(new Error(failure[1]), { failure }))
    const { reply } = fc.letrec<{ reply: unknown }>((tie) => ({
      reply: fc.oneof(
        { maxDepth: 6 },
        fc.constantFrom(null, true, false, 0, -1.5, 2n ** 62n, NaN, Infinity),
        fc.string({ unit: 'binary' }),
        fc.uint8Array(),
        error,
        fc.array(tie('reply'), { maxLength: 4 }),
        fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'failure', '0')), tie('reply'), { maxKeys: 4 }),
      ),
    }))
    const check = fc.property(reply, (reply) => {
      const expected = shapeOf(reply, (error: any) => error.failure)
      const revived = revive(reply)
      assert.deepEqual(shapeOf(revived, ({ code, message, retryable, maybeExecuted, serverCode = '' }: any) => [code, message, retryable, maybeExecuted, serverCode]), expected)
    })
    fc.assert(check, { seed: 1, numRuns: 1000 })
  })

  /** A reply with its errors as their fields. */
  function shapeOf(reply: any, fields: (error: any) => unknown): any {
    if (reply instanceof Error) return { family: reply instanceof RedwrightError || 'failure' in reply, fields: fields(reply) }
    if (Array.isArray(reply)) return reply.map((item) => shapeOf(item, fields))
    if (typeof reply !== 'object' || reply === null || reply instanceof Uint8Array) return reply
    return Object.entries(reply).map(([key, value]) => [key, shapeOf(value, fields)])
  }
})
