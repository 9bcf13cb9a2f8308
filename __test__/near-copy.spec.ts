import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import * as fc from 'fast-check'

const { copierOf, UNKEPT } = createRequire(import.meta.url)('../lib/near-copy.js')
const [share, freeze, clone]: any[] = ['share', 'freeze', 'clone'].map(copierOf)

const others: Record<string, () => any> = {
  'a Map': () => new Map([['a', { n: 1 }]]),
  'a Set': () => new Set([1, 2]),
  'a Date': () => new Date(0),
  'a RegExp': () => /a/g,
  'an Error': () => new TypeError('a'),
  'an Error with all that it has': () => Object.assign(new Error('a', { cause: { b: new Date(1) } }), { name: 'Own', code: 7 }),
  'an AggregateError': () => new AggregateError([new RangeError('b'), 1], 'a'),
  'a URL': () => new URL('https://example.org/a?b#c'),
  'an ArrayBuffer': () => Uint8Array.of(1, 2).buffer,
  'a Map of a Buffer': () => new Map([['a', Buffer.from('ab')]]),
  'a Set of maps': () => new Set([new Map([[1n, new URL('https://example.org')]])]),
  'a DataView': () => new DataView(new ArrayBuffer(4)),
  'a Float64Array': () => Float64Array.of(1.5),
  'a Uint8Array': () => Uint8Array.of(1, 2),
  'a Buffer': () => Buffer.from('ab'),
}

describe('share', () => {
  test('gives the same object to all', () => {
    const value = { a: [1] }
    assert.equal(share.get(share.put(value)), value)
  })
})

describe('freeze', () => {
  test('gives the same object to all, and none of it can be changed', () => {
    const value = { a: [{ b: 1 }], n: null, ['__proto__']: { c: 1 } }
    const stored = freeze.put(value)
    assert.equal(freeze.get(stored), value)
    for (const part of [value, value.a, value.a[0], value['__proto__']]) assert.ok(Object.isFrozen(part))
  })

  test('takes what was frozen already, and what was frozen in part', () => {
    const value = Object.freeze({ a: { b: 1 } })
    assert.equal(freeze.get(freeze.put(value)), value)
    assert.ok(Object.isFrozen(value.a))
  })

  test('does not hang at a circle', () => {
    const value: any = { a: {} }
    value.a.b = value
    assert.equal(freeze.get(freeze.put(value)), value)
    assert.ok(Object.isFrozen(value.a))
  })

  for (const [what, make] of Object.entries(others)) {
    test(`clones ${what}, for each who asks, and freezes nothing around it`, () => {
      for (const value of [make(), { deep: [make()] }]) {
        const stored = freeze.put(value)
        const [a, b] = [freeze.get(stored), freeze.get(stored)]
        assert.deepEqual(a, value)
        assert.ok(a !== b && a !== value && (value.deep === undefined || a.deep[0] !== b.deep[0]))
        assert.ok(value.deep === undefined || (!Object.isFrozen(value) && !Object.isFrozen(value.deep)))
      }
    })
  }

  test('leaves texts, numbers and nothing as they are', () => {
    for (const value of ['a', 1, true, null, undefined, 1n]) assert.equal(freeze.get(freeze.put(value)), value)
  })
})

describe('clone', () => {
  test('is equal, and shares no object', () => {
    const plain = fc.jsonValue({ maxDepth: 5 })
    const holds = fc.property(plain, (value) => {
      const copy = clone.get(clone.put(value))
      assert.deepEqual(copy, value)
      const seen = new Set<unknown>()
      const visit = (part: any, see: (part: unknown) => void) => {
        if (typeof part !== 'object' || part === null) return
        see(part)
        for (const inner of Object.values(part)) visit(inner, see)
      }
      visit(value, (part) => seen.add(part))
      visit(copy, (part) => assert.ok(!seen.has(part)))
    })
    fc.assert(holds, { seed: 1 })
  })

  test('keeps a field called __proto__ a field', () => {
    for (const json of ['{"__proto__":{"a":1},"b":{"__proto__":[1]}}', '{"__proto__":1}', '[{"__proto__":null}]']) {
      const copy = clone.get(JSON.parse(json))
      assert.equal(JSON.stringify(copy), json)
      assert.equal(Object.getPrototypeOf(copy), Object.getPrototypeOf(JSON.parse(json)))
    }
  })

  test('keeps holes, and what JSON has no word for', () => {
    const value = { a: undefined, b: NaN, c: -0, d: 1n, e: [1, undefined, 2] }
    assert.deepEqual(clone.get(value), value)
  })

  for (const [what, make] of Object.entries(others)) {
    test(`of ${what}, also inside others`, () => {
      for (const value of [make(), { deep: [make()] }]) {
        const copy = clone.get(value)
        assert.deepEqual(copy, value)
        assert.equal(inspect(copy, { depth: 9 }), inspect(value, { depth: 9 }))
        assert.ok(copy !== value && (value.deep === undefined || copy.deep[0] !== value.deep[0]))
      }
    })
  }

  test('of a Buffer is one, with nothing but its own bytes', () => {
    const copy = clone.get({ b: Buffer.from('abc') }).b
    assert.ok(Buffer.isBuffer(copy))
    assert.equal(copy.toString(), 'abc')
  })

  test('knows nothing of a class of the user, of functions and of symbols: they are not kept', () => {
    class Point {
      x = 1
    }
    class Bytes extends Uint8Array {}
    class Dates extends Date {}
    const foreign = [new Point(), new Bytes(2), new Dates(), Promise.resolve(), new WeakMap(), () => {}, { f() {} }, Symbol('a'), [Symbol('a')]]
    for (const value of foreign) {
      for (const made of [value, { deep: [value] }, new Map<any, any>([['a', value]])]) assert.equal(clone.put(made), UNKEPT)
    }
    for (const value of foreign.filter((value) => typeof value !== 'symbol')) {
      if (!Array.isArray(value)) assert.equal(freeze.put({ deep: [value] }), UNKEPT)
    }
  })

  test('of what a list names often is no more than that', () => {
    let value: any = []
    for (let depth = 0; depth < 60; depth++) value = [value, value]
    const copy = clone.get(value)
    assert.ok(copy !== value && copy[0] === copy[1] && copy[0][0] === copy[1][1])
  })

  test('does not hang at a circle, and keeps it one', () => {
    const value: any = { list: [], other: {} }
    value.list.push(value, value)
    value.other.self = value
    const copy = clone.get(value)
    assert.ok(copy !== value && copy.list[0] === copy && copy.other.self === copy)
  })

  test('reaches as deep as there is something', () => {
    let value: any = 1
    for (let depth = 0; depth < 1000; depth++) value = depth % 2 ? [value] : { value }
    const copy = clone.get(value)
    assert.notEqual(copy, value)
    assert.equal(JSON.stringify(copy), JSON.stringify(value))
  })

  test('that is too deep for the stack is not kept', () => {
    let value: any = 1
    for (let depth = 0; depth < 200_000; depth++) value = [value]
    assert.equal(clone.put(value), UNKEPT)
    assert.equal(freeze.put(value), value)
  })
})
