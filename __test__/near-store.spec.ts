import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'

const { NearStore } = createRequire(import.meta.url)('../lib/near-store.js')

interface Entry {
  value: number
  bytes: number
}
const entry = (value: number, bytes = 1): Entry => ({ value, bytes })
const unbounded = { maxEntries: Infinity, maxBytes: Infinity }

describe('a near store', () => {
  test('gives back what was put, replaces it, and deletes it', () => {
    const store = new NearStore(unbounded)
    const first = entry(1, 10)
    assert.equal(store.put('a', first), true)
    assert.equal(store.get('a'), first)
    assert.equal(store.get('b'), undefined)
    store.put('a', entry(2, 30))
    assert.deepEqual([store.get('a').value, store.size, store.bytes], [2, 1, 30])
    assert.deepEqual([store.delete('a'), store.delete('a')], [true, false])
    assert.deepEqual([store.get('a'), store.size, store.bytes, store.evictions], [undefined, 0, 0, 0])
  })

  test('holds no more than it may, by count and by bytes', () => {
    const byCount = new NearStore({ maxEntries: 10, maxBytes: Infinity })
    const byBytes = new NearStore({ maxEntries: Infinity, maxBytes: 100 })
    for (let i = 0; i < 100; i++) {
      byCount.put(`k${i}`, entry(i))
      byBytes.put(`k${i}`, entry(i, 10))
    }
    assert.deepEqual([byCount.size, byCount.evictions], [10, 90])
    assert.deepEqual([byBytes.size, byBytes.bytes, byBytes.evictions], [10, 100, 90])
  })

  test('does not take what is too large, and then holds none of that key', () => {
    const store = new NearStore({ maxEntries: 100, maxBytes: 800 })
    assert.equal(store.put('a', entry(1, 100)), true)
    assert.equal(store.put('a', entry(2, 101)), false)
    assert.equal(store.get('a'), undefined)
    assert.equal(store.put('b', entry(3, NaN)), false)
    assert.deepEqual([store.size, store.bytes, store.evictions], [0, 0, 0])
  })

  test('of no size takes nothing', () => {
    const store = new NearStore({ maxEntries: 0, maxBytes: 100 })
    assert.equal(store.put('a', entry(1)), false)
    assert.equal(store.size, 0)
  })

  test('keeps what is asked for while ten times as much goes by once', () => {
    const store = new NearStore({ maxEntries: 1000, maxBytes: Infinity })
    const hot = Array.from({ length: 500 }, (_, i) => `hot${i}`)
    for (const key of hot) store.put(key, entry(0))
    for (let round = 0; round < 2; round++) for (const key of hot) store.get(key)
    for (let i = 0; i < 10_000; i++) store.put(`scan${i}`, entry(i))
    const kept = hot.filter((key) => store.get(key) !== undefined).length
    assert.ok(kept >= 495, `${kept} of 500 are left`)
  })

  test('takes what comes back soon after it had to leave for one that stays', () => {
    // Two keys in the same place of its memory forget one of them, and which they are is by chance: so many are looked at.
    const [STORES, KEYS] = [50, 20]
    let kept = 0
    for (let n = 0; n < STORES; n++) {
      const store = new NearStore({ maxEntries: 100, maxBytes: Infinity })
      for (let i = 0; i < 100; i++) {
        store.put(`old${i}`, entry(i))
        for (let asked = 0; asked < 3; asked++) store.get(`old${i}`)
      }
      // Each of them comes for the second time when it has had to leave, and is still remembered.
      const again = Array.from({ length: KEYS }, (_, i) => `again${n}:${i}`)
      for (let round = 0; round < 2; round++) {
        for (const key of again) {
          store.put(key, entry(0))
          for (let i = 0; i < 5; i++) store.get(`old${i}`)
        }
        for (let i = 0; i < 20; i++) store.put(`between${n}:${round}:${i}`, entry(i))
      }
      for (let i = 0; i < 300; i++) store.put(`scan${n}:${i}`, entry(i))
      kept += again.filter((key) => store.get(key) !== undefined).length
    }
    assert.ok(kept >= 0.6 * STORES * KEYS, `${kept} of ${STORES * KEYS} are left`)
  })

  test('that is emptied starts anew', () => {
    const store = new NearStore({ maxEntries: 100, maxBytes: Infinity })
    for (let i = 0; i < 1000; i++) store.put(`k${i}`, entry(i))
    store.clear()
    assert.deepEqual([store.size, store.bytes, store.get('k999')], [0, 0, undefined])
    for (let i = 0; i < 1000; i++) store.put(`k${i}`, entry(i))
    assert.deepEqual([store.size, store.get('k999').value], [100, 999])
  })

  test('does not grow by what is deleted', () => {
    const store = new NearStore({ maxEntries: 1e6, maxBytes: Infinity })
    const fill = (round: number) => {
      for (let i = 0; i < 100; i++) store.put(`${round}:${i}`, entry(i))
      for (let i = 0; i < 100; i++) store.delete(`${round}:${i}`)
    }
    const held = () => {
      globalThis.gc?.()
      return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
    }
    for (let round = 0; round < 100; round++) fill(round)
    const before = held()
    for (let round = 0; round < 5000; round++) fill(round)
    const grown = held() - before
    // 500 000 keys would be 50 MB. Without `--expose-gc` some garbage may be left.
    assert.ok(grown < 20e6, `${grown} bytes more`)
    assert.equal(store.size, 0)
  })
})

describe('whatever is done to a near store', () => {
  const key = fc.integer({ min: 0, max: 30 }).map((i) => `k${i}`)
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ op: fc.constant('put' as const), key, bytes: fc.integer({ min: 0, max: 40 }) }) },
    { weight: 4, arbitrary: fc.record({ op: fc.constant('get' as const), key }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('delete' as const), key }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('clear' as const) }) },
  )
  const bounds = fc.record({ maxEntries: fc.integer({ min: 0, max: 20 }), maxBytes: fc.integer({ min: 1, max: 300 }) })

  test('it never holds more than it may, and never anything but what was put last', () => {
    const holds = fc.property(bounds, fc.array(step, { maxLength: 300 }), (bounds, steps) => {
      const store = new NearStore(bounds)
      const last = new Map<string, Entry>()
      let value = 0
      for (const step of steps) {
        if (step.op === 'put') {
          const put = entry(value++, step.bytes)
          if (store.put(step.key, put)) last.set(step.key, put)
          else last.delete(step.key)
        } else if (step.op === 'get') {
          const got = store.get(step.key)
          assert.ok(got === undefined || got === last.get(step.key), 'a value from nowhere')
        } else if (step.op === 'delete') {
          assert.ok(!store.delete(step.key) || last.has(step.key))
          last.delete(step.key)
        } else {
          store.clear()
          last.clear()
        }
        assert.ok(store.size <= bounds.maxEntries && store.bytes <= bounds.maxBytes, `${store.size} entries, ${store.bytes} bytes`)
        const held = [...last].filter(([key]) => store.get(key) !== undefined)
        assert.equal(store.size, held.length)
        assert.equal(store.bytes, held.reduce((sum, [, { bytes }]) => sum + bytes, 0))
      }
    })
    fc.assert(holds, { seed: 1, numRuns: 300 })
  })

  test('without bounds it is a map', () => {
    const holds = fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const store = new NearStore(unbounded)
      const model = new Map<string, Entry>()
      for (const step of steps) {
        if (step.op === 'put') {
          const put = entry(0, step.bytes)
          store.put(step.key, put)
          model.set(step.key, put)
        } else if (step.op === 'get') assert.equal(store.get(step.key), model.get(step.key))
        else if (step.op === 'delete') assert.equal(store.delete(step.key), model.delete(step.key))
        else {
          store.clear()
          model.clear()
        }
      }
      assert.deepEqual([store.size, store.evictions], [model.size, 0])
    })
    fc.assert(holds, { seed: 1 })
  })
})
