import assert from 'node:assert/strict'
import { test } from 'node:test'
import vm from 'node:vm'
import * as fc from 'fast-check'
import { TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'

const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i)

onEveryBackend('bytes', (backend) => {
  const newCache = () => new TypeSafeCache(backend.redis, { namespace: fresh() })

  /** Sends bytes on every way there, and takes them on every way back. */
  async function roundTrips(cache: TypeSafeCache, bytes: Uint8Array): Promise<unknown[]> {
    await cache.clear()
    await cache.set('one', bytes)
    await cache.setMany<unknown>([['text', 'bytes'], ['many', bytes], ['more text', 'buffer'], ['twice', bytes]])
    await cache.getOrSet('loaded', () => bytes)
    assert.deepEqual(await cache.getMany(['text', 'more text']), ['bytes', 'buffer'])
    const [one, many] = await Promise.all([cache.get('one'), cache.getMany(['many', 'twice', 'one'])])
    return [one, ...many, await cache.get('loaded'), (await cache.lookup('one')).value, await cache.getOrSet('one', () => null)]
  }

  const samples: [what: string, bytes: Uint8Array][] = [
    ['none', new Uint8Array()],
    ['every byte', everyByte],
    ['the first byte of a header', Uint8Array.of(0xc1)],
    ['a whole header', Uint8Array.of(0xc1, 1, 1, 0xc1, 1, 2)],
    ['JSON', new TextEncoder().encode('{"a":1}')],
    ['a view of the middle', everyByte.subarray(100, 200)],
    ['an empty view', everyByte.subarray(7, 7)],
    ['a Buffer of a pool', Buffer.from('pooled')],
    ['an empty Buffer', Buffer.alloc(0)],
    ['a Buffer over the middle of another', Buffer.from(everyByte).subarray(190, 200)],
    ['shared memory', new Uint8Array(new SharedArrayBuffer(16), 3, 5).fill(7)],
  ]
  for (const [what, bytes] of samples) {
    test(`come back untouched and of their class: ${what}`, async () => {
      for (const back of await roundTrips(newCache(), bytes)) {
        assert.ok(back instanceof Uint8Array)
        assert.equal(Buffer.isBuffer(back), Buffer.isBuffer(bytes))
        assert.deepEqual([...back], [...bytes])
      }
    })
  }

  test('any bytes come back untouched', async () => {
    const cache = newCache()
    const check = fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
      for (const back of await roundTrips(cache, bytes)) assert.deepEqual(back, bytes)
    })
    await fc.assert(check, { seed: 1, numRuns: backend.real ? 30 : 3 })
  })

  test('are those of the moment of the call', async () => {
    const cache = newCache()
    const bytes = Uint8Array.of(1, 2, 3)
    const set = [cache.set('1', bytes), cache.setMany([['2', bytes]])]
    bytes.fill(9)
    await Promise.all(set)
    assert.deepEqual(await cache.getMany(['1', '2']), [Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3)])
  })

  test('made in a sandbox, as test runners have them, are bytes too', async () => {
    const cache = newCache()
    await cache.set('1', vm.runInNewContext('Uint8Array.of(1, 2, 3)'))
    assert.deepEqual(await cache.get('1'), Uint8Array.of(1, 2, 3))
  })

  test('that come back are the own of whoever asked', async () => {
    const cache = newCache()
    await cache.set('1', everyByte)
    const [one, other] = await Promise.all([cache.get<Uint8Array>('1'), cache.get<Uint8Array>('1')])
    one!.fill(0)
    assert.deepEqual(other, everyByte)
    assert.deepEqual(await cache.get('1'), everyByte)
  })
})
