'use strict'

// A text of arguments: equal for what is structurally equal, different for everything else.
//
// Every kind writes itself so that its end is known (quotes, brackets, commas), hence no two lists of arguments have the same text by
// concatenation. What is unordered (properties, maps, sets) is written in the order of its texts.

const { createHash } = require('node:crypto')
const { isArrayBuffer, isDate, isMap, isRegExp, isSet } = require('node:util/types')
const { bytesOf, classOf } = require('./codecs/binary')
const { MAX_DEPTH } = require('./codecs/depth')
const { typeError, rangeError, kindOf } = require('./errors')

/** Longer texts are told by their hash. */
const LONGEST_READABLE = 64
/** Of the hash, in bytes: 192 bits. */
const HASH_BYTES = 24

/** @typedef {{ name: string, path: object[] }} Walk which argument, and the containers that we are in */

/**
 * For strings, numbers, bigints, booleans, `null` and `undefined`, up to 64 characters together, their text: `"1000",true`. Else `#` and a
 * hash, which no text begins with. Well-formed, and without NUL.
 * @param {readonly unknown[]} args
 * @returns {string}
 */
function stableKey(args) {
  let readable = true
  const texts = []
  for (let i = 0; i < args.length; i++) {
    readable &&= typeof args[i] !== 'object' || args[i] === null
    texts.push(textOf(args[i], { name: `arguments[${i}]`, path: [] }))
  }
  const text = texts.join(',')
  return readable && text.length <= LONGEST_READABLE ? text : hash(text)
}

/** @param {string} text */
function hash(text) {
  return `#${createHash('sha256').update(text).digest().subarray(0, HASH_BYTES).toString('base64url')}`
}

/**
 * @param {unknown} value
 * @param {Walk} walk
 * @returns {string}
 */
function textOf(value, walk) {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
      return `${value}n`
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'object':
      return value === null ? 'null' : objectText(value, walk)
    default:
      throw refused(value, walk)
  }
}

/**
 * @param {any} value
 * @param {Walk} walk
 */
function objectText(value, walk) {
  const { path, name } = walk
  if (path.length === MAX_DEPTH) {
    if (new Set(path).size < path.length) throw typeError(`${name} cannot be part of a key: it is cyclic`)
    throw rangeError(`${name} cannot be part of a key: it is nested deeper than ${MAX_DEPTH} levels`)
  }
  path.push(value)
  const text = contentText(value, walk)
  path.pop()
  return text
}

/**
 * @param {any} value
 * @param {Walk} walk
 * @returns {string}
 */
function contentText(value, walk) {
  if (Array.isArray(value)) return `[${Array.from(value, (item, i) => (i in value ? textOf(item, walk) : 'hole')).join()}]`
  const prototype = Object.getPrototypeOf(value)
  const plain = prototype === null || prototype === Object.prototype
  if (!plain) {
    const known = knownText(value, walk)
    if (known !== undefined) return known
  }
  if (typeof value.toJSON === 'function') {
    const { constructor } = prototype ?? {}
    return `${JSON.stringify(String(constructor?.name))}(${textOf(formOf(value, walk), walk)})`
  }
  // By what it holds and not by its class: a sandbox has an `Object` of its own.
  if (!plain && Object.getPrototypeOf(prototype) !== null) throw refused(value, walk)
  return propertiesText(value, walk)
}

/**
 * @param {any} value
 * @param {Walk} walk
 */
function formOf(value, walk) {
  try {
    return value.toJSON('')
  } catch (cause) {
    throw Object.assign(typeError(`${walk.name} cannot be part of a key: its toJSON throws`), { cause })
  }
}

/**
 * @param {any} value
 * @param {Walk} walk
 * @returns {string | undefined}
 */
function knownText(value, walk) {
  if (isDate(value)) return `Date(${+value})`
  if (isMap(value)) {
    const entries = Array.from(Map.prototype.entries.call(value), ([key, inner]) => `${textOf(key, walk)}=${textOf(inner, walk)}`)
    return `Map(${entries.sort().join()})`
  }
  if (isSet(value)) return `Set(${Array.from(Set.prototype.values.call(value), (inner) => textOf(inner, walk)).sort().join()})`
  if (ArrayBuffer.isView(value)) return `${classOf(value)}(${bytesOf(value).toString('base64')})`
  if (isArrayBuffer(value)) return `ArrayBuffer(${Buffer.from(value).toString('base64')})`
  if (isRegExp(value)) return `RegExp(${JSON.stringify(value.source)},${value.flags})`
  return value instanceof URL ? `URL(${JSON.stringify(value.href)})` : undefined
}

/**
 * @param {any} value
 * @param {Walk} walk
 */
function propertiesText(value, walk) {
  // One that is not seen would give two different objects the same key.
  const symbol = Object.getOwnPropertySymbols(value).find((symbol) => Object.prototype.propertyIsEnumerable.call(value, symbol))
  if (symbol !== undefined) throw refused(symbol, walk)
  const properties = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${textOf(value[key], walk)}`)
  return `{${properties.join()}}`
}

/**
 * @param {unknown} value
 * @param {Walk} walk
 */
function refused(value, { name, path }) {
  return typeError(`${name} cannot be part of a key: it ${path.length > (Object(value) === value && typeof value === 'object' ? 1 : 0) ? 'holds' : 'is'} ${kindOf(value)}`)
}

module.exports = { stableKey }
