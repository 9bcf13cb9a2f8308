import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { root } from './support/root'
import { assertSame, typedValue } from './support/typed-values'

const load = createRequire(import.meta.url)
const { stableKey } = load(path.join(root, 'lib/stable-key.js')) as { stableKey(args: unknown[]): string }

/** Errors are no arguments. */
const holdsError = (value: any): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (value instanceof Error || [...(value instanceof Map ? [...value.keys(), ...value.values()] : value instanceof Set ? value : Object.values(value))].some(holdsError))
const argument = typedValue.filter((value) => !holdsError(value))
const args = fc.array(argument, { maxLength: 3 })

/** The same with everything that has no order in another order. */
function shuffled(value: any): any {
  if (Array.isArray(value)) return value.map(shuffled)
  if (value instanceof Map) return new Map([...value].toReversed().map(([key, inner]) => [shuffled(key), shuffled(inner)]))
  if (value instanceof Set) return new Set([...value].toReversed().map(shuffled))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  const copy = {}
  for (const key of Object.keys(value).toReversed()) Object.defineProperty(copy, key, { value: shuffled(value[key]), writable: true, enumerable: true, configurable: true })
  return copy
}

/** In one order: what `assertSame` compares in order. */
function sorted(value: any): any {
  if (Array.isArray(value)) return value.map(sorted)
  const byKey = (list: unknown[]) => list.sort((a, b) => (stableKey([a]) < stableKey([b]) ? -1 : 1))
  if (value instanceof Map) return new Map(byKey([...value].map(([key, inner]) => [sorted(key), sorted(inner)])) as [unknown, unknown][])
  if (value instanceof Set) return new Set(byKey([...value].map(sorted)))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  const copy = {}
  for (const key of Object.keys(value).sort()) Object.defineProperty(copy, key, { value: sorted(value[key]), writable: true, enumerable: true, configurable: true })
  return copy
}

describe('the key of arguments', () => {
  test('does not depend on the order of properties, maps and sets', () => {
    fc.assert(fc.property(args, (args) => assert.equal(stableKey(args), stableKey(args.map(shuffled)))), { seed: 1, numRuns: 1000 })
  })

  test('differs where the arguments differ', () => {
    const small = fc.constantFrom<unknown>('1', 1, 1n, true, 'true', null, 'null', undefined, 'undefined', NaN, -0, 0, '', '1n', new Date(1), new Set([1]), [1], [[1]], { 1: 1 }, '1,1', '"', 'hole')
    const few = fc.array(fc.oneof(small, fc.array(small, { maxLength: 2 }), argument), { maxLength: 3 })
    const check = fc.property(few, few, (one, other) => {
      if (stableKey(one) === stableKey(other)) assertSame(sorted(one), sorted(other))
    })
    fc.assert(check, { seed: 1, numRuns: 5000 })
  })

  test('tells kinds apart that look alike', () => {
    const bytes = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0])
    const alike = ['1', 1, 1n, true, 'true', null, 'null', undefined, 'undefined', NaN, 'NaN', 0, -0, '', [], {}, [undefined], [null], ['hole']]
    alike.push(Object.assign([], { length: 1 }), new Map(), new Set(), new Date(0), new Date(NaN), new Map([[1, 2]]), new Map([[2, 1]]), new Set([1, 2]), new Set([[1, 2]]), [1, 2], [[1, 2]], { a: undefined })
    alike.push(new Date(0).toISOString(), new URL('http://a/'), 'http://a/', /a/, /a/g, '/a/', new Int8Array(bytes), bytes, Buffer.from(bytes), bytes.buffer, new DataView(bytes.buffer), new BigInt64Array(bytes.buffer))
    alike.push({ toJSON: () => '1' }, { toJSON: () => 1 }, 'Date(0)', 'Object("1")', '#')
    const keys = alike.map((value) => stableKey([value]))
    assert.equal(new Set(keys).size, alike.length)
  })

  test('is not to be forged by putting arguments together', () => {
    const lists = [[], [''], ['', ''], ['a,b'], ['a', 'b'], [['a', 'b']], ['a","b'], ['a"', '"b'], [undefined], [[]], ['#'], [{ a: 1, b: 2 }], [{ a: 1 }, { b: 2 }], [{ 'a":1,"b': 2 }]]
    assert.equal(new Set(lists.map(stableKey)).size, lists.length)
  })

  test('is readable for a few primitives, and else a hash of one length', () => {
    assert.equal(stableKey([]), '')
    assert.equal(stableKey(['1000', 5, true, null, undefined, 7n, -0]), '"1000",5,true,null,undefined,7n,-0')
    const hash = /^#[\w-]{32}$/
    for (const args of [['x'.repeat(63)], [{ a: 1 }], [[]], [new Date(0)]]) assert.match(stableKey(args), hash)
    // Of {"a":[1,Map("k"=Set(2n))],"b":undefined}: a later version must find what an earlier one has stored.
    assert.equal(stableKey([{ b: undefined, a: [1, new Map([['k', new Set([2n])]])] }]), '#ci94uvKm82SjYOAGEEUbkj_xTZSt250p')
  })

  test('is a key: well-formed, and without NUL', () => {
    for (const text of ['\0', '\ud800', 'a\n', 'ä']) {
      const key = stableKey([text])
      assert.ok(!key.includes('\0') && (key as any).isWellFormed())
    }
    assert.notEqual(stableKey(['\ud800']), stableKey(['\udc00']))
    assert.notEqual(stableKey([['\ud800']]), stableKey([['\udc00']]))
  })

  test('asks classes for their own form, and names them', () => {
    class Money {
      constructor(readonly cents: number) {}
      toJSON() {
        return { cents: this.cents }
      }
    }
    class Points extends Money {}
    assert.equal(stableKey([new Money(1)]), stableKey([new Money(1)]))
    const keys = [new Money(1), new Money(2), new Points(1), { cents: 1 }].map((value) => stableKey([value]))
    assert.equal(new Set(keys).size, keys.length)
  })
})

describe('what has no key', () => {
  const refused = (args: unknown[], name: string, message: string) => assert.throws(() => stableKey(args), { name, message, code: 'ERR_INVALID_ARG' })

  test('is refused with the position of the argument, and without what it holds', () => {
    class Secret {
      token = 'secret'
    }
    refused(['a', () => 1], 'TypeError', 'arguments[1] cannot be part of a key: it is a function')
    refused([Symbol('secret')], 'TypeError', 'arguments[0] cannot be part of a key: it is a symbol')
    refused([{ a: [() => 1] }], 'TypeError', 'arguments[0] cannot be part of a key: it holds a function')
    refused([{ [Symbol('secret')]: 1 }], 'TypeError', 'arguments[0] cannot be part of a key: it holds a symbol')
    refused([new Secret()], 'TypeError', 'arguments[0] cannot be part of a key: it is an instance of Secret')
    refused([[new Secret()]], 'TypeError', 'arguments[0] cannot be part of a key: it holds an instance of Secret')
    for (const value of [new Error('secret'), Promise.resolve(), new WeakMap(), Object(1)]) assert.throws(() => stableKey([value]), /it is an instance of/)
    refused([{ toJSON() { throw new Error('secret') } }], 'TypeError', 'arguments[0] cannot be part of a key: its toJSON throws')
  })

  test('are cycles, and what is too deep', () => {
    const cyclic: any = new Map()
    cyclic.set('a', [cyclic])
    refused([1, cyclic], 'TypeError', 'arguments[1] cannot be part of a key: it is cyclic')
    let deep: unknown = 1
    for (let i = 0; i < 1001; i++) deep = [deep]
    refused([deep], 'RangeError', 'arguments[0] cannot be part of a key: it is nested deeper than 1000 levels')
    const shared = { a: 1 }
    assert.equal(stableKey([shared, shared]), stableKey([{ a: 1 }, { a: 1 }]))
  })
})
