import assert from 'node:assert/strict'
import * as fc from 'fast-check'

// Values of every kind that the codec `typed` keeps.

const VIEWS = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array]

/** Eight bytes at a time, so that every view takes them. */
const bytes = fc.uint8Array({ maxLength: 6 }).map((head) => Uint8Array.from({ length: head.length * 8 }, (_, i) => (head[i >> 3]! * (i + 1)) & 255))
const view = fc.tuple(bytes, fc.constantFrom<any>(...VIEWS)).map(([bytes, View]) => new View(bytes.buffer))
const binary = fc.oneof(
  view,
  bytes.map((bytes) => Buffer.from(bytes)),
  bytes.map((bytes) => bytes.buffer),
  bytes.map((bytes) => new DataView(bytes.buffer)),
)
const regexp = fc.tuple(fc.constantFrom('a', '\\/', '[^\\d]+$', '(?<year>\\d{4})', '"$"', '\\u{1f600}'), fc.constantFrom('', 'g', 'u', 'gimsuy', 'v')).map(([source, flags]) => new RegExp(source, flags))
const leaf = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, undefined, NaN, Infinity, -Infinity, -0, 0, '', '$', '"$":', '\0', 2n ** 4000n, -(2n ** 4000n)),
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  regexp,
  fc.webUrl().map((url) => new URL(url)),
  binary,
)
/** What a user may have, and what looks like the codec's own. */
export const key = fc.oneof(fc.string(), fc.constantFrom('$', '$$', '$$$', '$set', '__proto__', 'constructor', 'toString', 'length', '0', 'hole'))
const ERRORS = [Error, TypeError, RangeError, SyntaxError, EvalError, ReferenceError, URIError]

const tree = (leaves: fc.Arbitrary<unknown>) =>
  fc.letrec<{ value: unknown }>((tie) => {
    const value = tie('value')
    const cause = fc.option(value.map((cause) => ({ cause })), { nil: undefined })
    return {
      value: fc.oneof(
        { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
        leaves,
        fc.array(value, { maxLength: 5 }),
        fc.array(fc.option(value, { nil: undefined }), { maxLength: 5 }).map(sparse),
        fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true }),
        // Exactly what the codec writes.
        fc.constantFrom('undefined', 'hole', 'NaN', 'Date', 'Map').chain((tag) => value.map((inner) => ({ $: [tag, inner] }))),
        fc.constantFrom('undefined', 'hole', 'NaN', '-0').map((tag) => ({ $: tag })),
        fc.array(fc.tuple(value, value), { maxLength: 4 }).map((pairs) => new Map(pairs)),
        fc.array(value, { maxLength: 4 }).map((values) => new Set(values)),
        fc.tuple(fc.constantFrom(...ERRORS), fc.string(), cause).map(([Type, message, options]) => new Type(message, options)),
        fc.tuple(fc.array(value, { maxLength: 3 }), fc.string(), cause).map(([errors, message, options]) => new AggregateError(errors, message, options)),
      ),
    }
  }).value

/** Every `undefined` becomes a hole. */
function sparse(values: unknown[]) {
  const array: unknown[] = []
  array.length = values.length
  values.forEach((value, i) => {
    if (value !== undefined) array[i] = value
  })
  return array
}

export const typedValue = tree(leaf)

/** The same by content and type. Node 20 compares URLs by inner state that differs between two of the same. */
export function assertSame(actual: unknown, expected: unknown) {
  assert.deepStrictEqual(comparable(actual), comparable(expected))
}

/** With everything that `deepStrictEqual` passes over said in full. */
function comparable(value: any): unknown {
  if (typeof value !== 'object' || value === null) return value
  const inner = (list: Iterable<unknown>) => Array.from(list, comparable)
  if (Array.isArray(value)) return { array: inner(value), holes: value.flatMap((_, i) => i), length: value.length, keys: Object.keys(value) }
  if (value instanceof URL) return ['URL', value.href]
  // Of two that are no time Node 20 says that they differ.
  if (value instanceof Date) return ['Date', value.getTime()]
  if (value instanceof Map) return ['Map', inner(value)]
  if (value instanceof Set) return ['Set', inner(value)]
  if (value instanceof Error) {
    const { name, message } = value
    const errors = value instanceof AggregateError ? inner(value.errors) : null
    return ['Error', Object.getPrototypeOf(value), name, message, Object.hasOwn(value, 'cause'), comparable(value.cause), errors]
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  return ['object', Object.keys(value), inner(Object.keys(value).map((key) => Object.getOwnPropertyDescriptor(value, key)!.value))]
}
