import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'

/** As other programs see a stored value: by its bytes. */
const hex = (...bytes: number[]) => Buffer.from(bytes)

onEveryBackend('a stored value', (backend) => {
  const newCache = () => new TypeSafeCache(backend.redis, { namespace: fresh() })
  const keyOf = (cache: TypeSafeCache, key: string) => `cache:${cache.namespace}:${key}`
  const stored = (cache: TypeSafeCache, key: string) => backend.redis.command<string>('GET', keyOf(cache, key))
  const putForeign = (cache: TypeSafeCache, key: string, bytes: string | Uint8Array) =>
    backend.redis.command('SET', keyOf(cache, key), bytes)

  const plain: [value: unknown, json: string][] = [
    [{ b: 1, a: [true, null, 'x'] }, '{"b":1,"a":[true,null,"x"]}'],
    ['text', '"text"'],
    ['Größe 😀', '"Größe 😀"'],
    ['007', '"007"'],
    ['1e3', '"1e3"'],
    ['', '""'],
    ['null', '"null"'],
    [0, '0'],
    [-1.5e300, '-1.5e+300'],
    [false, 'false'],
    [null, 'null'],
    [[], '[]'],
    ['a\0b\ud800', '"a\\u0000b\\ud800"'],
    [JSON.parse('{"__proto__":{"x":1},"constructor":2}'), '{"__proto__":{"x":1},"constructor":2}'],
  ]
  test('is plain JSON, byte for byte, and comes back as it was', async () => {
    const cache = newCache()
    for (const [value, json] of plain) {
      await cache.set('one', value)
      await cache.setMany([['many', value]])
      assert.deepEqual([await stored(cache, 'one'), await stored(cache, 'many')], [json, json])
      assert.deepEqual(await cache.get('one'), value)
      assert.deepEqual(await cache.getMany(['many', 'one']), [value, value])
      assert.deepEqual((await cache.lookup('one')).value, value)
    }
    await cache.set('proto', JSON.parse('{"__proto__":{"polluted":true}}'))
    assert.equal((await cache.get<any>('proto')).polluted, undefined)
  })

  test('that is falsy is a hit', async () => {
    const cache = newCache()
    for (const value of [0, '', false, null]) {
      await cache.set('1', value)
      assert.equal((await cache.lookup('1')).hit, true)
      assert.equal(await cache.getOrSet<unknown>('1', () => 'loaded'), value)
    }
    assert.deepEqual([cache.metrics().hits, cache.metrics().loads], [8, 0])
  })

  test('any JSON value survives the way there and back', async () => {
    const cache = newCache()
    const values = fc.array(fc.jsonValue({ stringUnit: 'binary', maxDepth: 6 }), { minLength: 1, maxLength: 5 })
    const check = fc.asyncProperty(values, async (list) => {
      // As JSON has it: it knows no -0.
      const expected = JSON.parse(JSON.stringify(list))
      await cache.setMany(list.map((value, i) => [String(i), value]))
      await cache.set('all', list)
      assert.deepEqual(await cache.getMany(list.map((_, i) => String(i))), expected)
      assert.deepEqual(await cache.get('all'), expected)
    })
    await fc.assert(check, { seed: 1, numRuns: backend.real ? 100 : 10 })
  })

  test('may be nested a thousand levels deep, or a MiB of any script long', async () => {
    const cache = newCache()
    const deep = JSON.parse('['.repeat(1000) + ']'.repeat(1000))
    for (const value of [deep, 'x'.repeat(1 << 20), 'ä'.repeat(1 << 19), '😀'.repeat(1 << 18), '\ud800'.repeat(1 << 17)]) {
      await cache.set('1', value)
      assert.ok(JSON.stringify(await cache.get('1')) === JSON.stringify(value))
    }
  })

  test('that another program wrote is read: JSON as JSON, and any other text as it is', async () => {
    const cache = newCache()
    const foreign: [bytes: string | Uint8Array, value: unknown][] = [
      ['{"name": "Ada",\n "tags": []}', { name: 'Ada', tags: [] }],
      [' 42 ', 42],
      ['plain text', 'plain text'],
      ['007', '007'],
      ['{not json', '{not json'],
      ['undefined', 'undefined'],
      ['', ''],
      ['Größe 😀', 'Größe 😀'],
      ['a\0b', 'a\0b'],
      ['['.repeat(100_000), '['.repeat(100_000)],
    ]
    for (const [bytes, value] of foreign) {
      await putForeign(cache, '1', bytes)
      assert.deepEqual(await cache.get('1'), value)
      assert.deepEqual(await cache.getMany(['1']), [value])
      assert.deepEqual(await cache.getOrSet<unknown>('1', () => assert.fail('a hit')), value)
    }
    assert.equal(cache.metrics().unreadable, 0)
  })

  test('that cannot be read is a miss and counted, and stays where it is', async () => {
    const cache = newCache()
    const unreadable = [hex(0xc1), hex(0xc1, 1), hex(0xc1, 2, 1, 65), hex(0xc1, 1, 99, 65), hex(0xc1, 0xff), hex(0xff, 0xfe), hex(65, 0xc3)]
    for (const bytes of unreadable) {
      await putForeign(cache, '1', bytes)
      const before = cache.metrics()
      assert.equal(await cache.get('1'), null)
      assert.deepEqual(await cache.getMany(['1']), [null])
      assert.deepEqual(await cache.lookup('1'), { hit: false, value: null, stale: false, ageMs: null, ttlMs: 0 })
      assert.equal(await cache.exists('1'), true)
      const { unreadable, misses, hits } = cache.metrics()
      assert.deepEqual([unreadable - before.unreadable, misses - before.misses, hits], [3, 3, 0])
      assert.deepEqual(Buffer.from(await backend.redis.command<Uint8Array>('GET', keyOf(cache, '1'))), bytes)
    }
    assert.equal(await cache.getOrSet('1', () => 'loaded'), 'loaded')
    assert.equal(await cache.get('1'), 'loaded')
  })
})
