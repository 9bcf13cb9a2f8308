'use strict'

// From a value to a tree that JSON can hold, in which marks stand for what it cannot.
//
// A mark is an object with the only key `$`: `{"$":"NaN"}` for a kind with one value, `{"$":["Date",0]}` for one with content. Keys of the
// user's own that are nothing but dollars get one more, so that nothing of theirs looks like a mark. What needs no mark is not copied.

const { isDate, isRegExp, isMap, isSet, isArrayBuffer, isNativeError, isBoxedPrimitive } = require('node:util/types')
const { typeError, rangeError } = require('../errors')
const { bytesOf, classOf } = require('./binary')
const { MAX_DEPTH } = require('./depth')

const UNDEFINED = { $: 'undefined' }
const HOLE = { $: 'hole' }
const DOLLARS = /^\$+$/
/** Longer ones are written in base 16: reading base 10 takes more than linear time. */
const LONGEST_DECIMAL = 10n ** 300n

/** @typedef {{ path: object[], key: string | number, name: string }} Walk the containers that we are in, under which key, how the value is called */

/**
 * @param {unknown} value
 * @param {Walk} walk
 * @returns {unknown}
 */
function mark(value, walk) {
  switch (typeof value) {
    case 'object':
      return value === null ? null : markObject(value, walk)
    case 'number':
      // String(-0) is '0'.
      if (value === 0) return Object.is(value, -0) ? { $: '-0' } : value
      return Number.isFinite(value) ? value : { $: String(value) }
    case 'undefined':
      return UNDEFINED
    case 'bigint':
      return { $: ['BigInt', bigintText(value)] }
    default:
      return value
  }
}

/** @param {bigint} value */
function bigintText(value) {
  const size = value < 0n ? -value : value
  return size < LONGEST_DECIMAL ? String(value) : `${value < 0n ? '-' : ''}0x${size.toString(16)}`
}

/**
 * @param {any} value
 * @param {Walk} walk
 * @returns {unknown}
 */
function markObject(value, walk) {
  const { path } = walk
  if (path.length === MAX_DEPTH) throw tooDeep(walk)
  path.push(value)
  const marked = contentOf(value, walk, false)
  path.pop()
  return marked
}

/**
 * @param {any} value
 * @param {Walk} walk
 * @param {boolean} asked whether its `toJSON` was called, or it comes from one: JSON calls it once
 * @returns {unknown}
 */
function contentOf(value, walk, asked) {
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) {
    const known = markKnown(value, walk)
    if (known !== undefined) return known
  }
  if (!asked && typeof value.toJSON === 'function') {
    const given = value.toJSON(String(walk.key))
    return typeof given === 'object' && given !== null ? contentOf(given, walk, true) : mark(given, walk)
  }
  return Array.isArray(value) ? markArray(value, walk, asked) : markProperties(value, walk, asked)
}

/**
 * @param {any} value
 * @param {Walk} walk
 * @returns {unknown} undefined for a class that is not known
 */
function markKnown(value, walk) {
  // By their kind and not by their class: a test runner's sandbox has classes of its own.
  if (isDate(value)) return { $: ['Date', Number.isNaN(+value) ? null : +value] }
  if (isMap(value)) return { $: ['Map', Array.from(Map.prototype.entries.call(value), ([key, inner]) => [mark(key, walk), mark(inner, walk)])] }
  if (isSet(value)) return { $: ['Set', Array.from(Set.prototype.values.call(value), (inner) => mark(inner, walk))] }
  if (ArrayBuffer.isView(value)) return { $: [classOf(value), bytesOf(value).toString('base64')] }
  if (isArrayBuffer(value)) return { $: ['ArrayBuffer', Buffer.from(value).toString('base64')] }
  if (isRegExp(value)) return { $: ['RegExp', value.source, value.flags] }
  if (value instanceof URL) return { $: ['URL', value.href] }
  if (isNativeError(value) || value instanceof Error) return { $: ['Error', markError(value, walk)] }
  return isBoxedPrimitive(value) ? mark(value.valueOf(), walk) : undefined
}

/**
 * @param {any} error
 * @param {Walk} walk
 */
function markError(error, walk) {
  /** @type {Record<string, unknown>} */
  const fields = { name: String(error.name), message: String(error.message) }
  if (Object.hasOwn(error, 'cause')) fields.cause = mark(error.cause, walk)
  if (error instanceof AggregateError && Array.isArray(error.errors)) fields.errors = error.errors.map((inner) => mark(inner, walk))
  return fields
}

/**
 * @param {unknown[]} array
 * @param {Walk} walk
 * @param {boolean} copied whether it is copied in any case
 */
function markArray(array, walk, copied) {
  /** @type {unknown[] | null} */
  let copy = copied ? [] : null
  for (let i = 0; i < array.length; i++) {
    const value = array[i]
    walk.key = i
    const marked = value === undefined && !(i in array) ? HOLE : mark(value, walk)
    if (marked !== value) copy ??= array.slice(0, i)
    if (copy !== null) copy.push(marked)
  }
  return copy ?? array
}

/**
 * @param {any} object
 * @param {Walk} walk
 * @param {boolean} copied whether it is copied in any case
 */
function markProperties(object, walk, copied) {
  const keys = Object.keys(object)
  /** @type {Record<string, unknown> | null} */
  let copy = copied ? {} : null
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]
    const value = object[key]
    walk.key = key
    const marked = mark(value, walk)
    const name = key.charCodeAt(0) === 36 && DOLLARS.test(key) ? `$${key}` : key
    if (copy === null && (marked !== value || name !== key)) {
      copy = {}
      for (let j = 0; j < i; j++) put(copy, keys[j], object[keys[j]])
    }
    // JSON leaves functions out; a `toJSON` among them must not be called on the copy.
    if (copy !== null && typeof marked !== 'function') put(copy, name, marked)
  }
  return copy ?? object
}

/**
 * Sets an own property, also one called `__proto__`.
 * @param {any} object
 * @param {string} key
 * @param {unknown} value
 */
function put(object, key, value) {
  if (key !== '__proto__') object[key] = value
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
}

/** @param {Walk} walk */
function tooDeep({ path, name }) {
  if (new Set(path).size < path.length) return typeError(`${name} cannot be stored: it is cyclic`)
  return rangeError(`${name} cannot be stored: it is nested deeper than ${MAX_DEPTH} levels`)
}

module.exports = { mark, put }
