'use strict'

// From a tree with marks (see mark.js) to the value. The tree may come from anybody: whatever is not as `mark` writes it is an error, and
// nothing is called but the constructors below.

const { make, NAMES } = require('./binary')
const { MAX_DEPTH } = require('./depth')
const { put } = require('./mark')

const HOLE = Symbol('hole')
const ESCAPED = /^\$\$+$/
const DECIMAL = /^-?\d{1,301}$/
const HEXADECIMAL = /^(-?)(0x[0-9a-f]+)$/

/** Kinds with one value. */
const CONSTANTS = new Map(
  /** @type {[unknown, unknown][]} */ ([
    ['undefined', undefined],
    ['NaN', NaN],
    ['Infinity', Infinity],
    ['-Infinity', -Infinity],
    ['-0', -0],
    ['hole', HOLE],
  ]),
)

/** @typedef {(content: any, depth: number, rest: any) => unknown} Revive */

/** Kinds with content. */
const KINDS = new Map(
  /** @type {[unknown, Revive][]} */ ([
    ['Date', (ms) => new Date(ms === null ? NaN : ofType('number', ms))],
    ['BigInt', (text) => bigint(ofType('string', text))],
    ['RegExp', (source, _depth, flags) => new RegExp(ofType('string', source), ofType('string', flags))],
    ['URL', (href) => new URL(ofType('string', href))],
    ['Map', (pairs, depth) => new Map(array(pairs).map((pair) => /** @type {[unknown, unknown]} */ (items(pair, depth, 2))))],
    ['Set', (values, depth) => new Set(items(values, depth))],
    ['Error', error],
    ...NAMES.map((name) => /** @type {[string, Revive]} */ ([name, (text) => make(name, bytes(ofType('string', text)))])),
  ]),
)

const ERRORS = new Map([Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((type) => [type.name, type]))

/**
 * Changes the tree in place.
 * @param {any} tree
 * @param {number} depth
 * @returns {any}
 */
function revive(tree, depth) {
  if (typeof tree !== 'object' || tree === null) return tree
  // One more than `mark` allows, since a mark may be the last level.
  if (depth > MAX_DEPTH) throw new RangeError('too deep')
  if (Array.isArray(tree)) return reviveArray(tree, depth + 1)
  return Object.hasOwn(tree, '$') ? unmark(tree, depth + 1) : reviveProperties(tree, depth + 1)
}

/**
 * @param {any[]} array
 * @param {number} depth
 */
function reviveArray(array, depth) {
  for (let i = 0; i < array.length; i++) {
    const revived = revive(array[i], depth)
    if (revived === HOLE) delete array[i]
    else array[i] = revived
  }
  return array
}

/**
 * @param {any} object
 * @param {number} depth
 */
function reviveProperties(object, depth) {
  const keys = Object.keys(object)
  let escaped = false
  for (const key of keys) {
    const value = object[key]
    const revived = notHole(revive(value, depth))
    if (revived !== value) put(object, key, revived)
    escaped ||= key.charCodeAt(0) === 36 && ESCAPED.test(key)
  }
  if (!escaped) return object
  const renamed = {}
  for (const key of keys) put(renamed, ESCAPED.test(key) ? key.slice(1) : key, object[key])
  return renamed
}

/**
 * @param {any} tree
 * @param {number} depth
 */
function unmark(tree, depth) {
  const { $: content } = tree
  if (Object.keys(tree).length !== 1) throw new SyntaxError('not a mark')
  if (!Array.isArray(content)) {
    if (!CONSTANTS.has(content)) throw new SyntaxError('not a mark')
    return CONSTANTS.get(content)
  }
  const kind = KINDS.get(content[0])
  if (kind === undefined || content.length !== (content[0] === 'RegExp' ? 3 : 2)) throw new SyntaxError('not a mark')
  return kind(content[1], depth, content[2])
}

/** @type {Revive} */
function error(fields, depth) {
  const name = ofType('string', ofType('object', fields).name)
  const message = ofType('string', fields.message)
  const options = Object.hasOwn(fields, 'cause') ? { cause: notHole(revive(fields.cause, depth)) } : undefined
  const many = Object.hasOwn(fields, 'errors')
  const Type = ERRORS.get(name) ?? Error
  const made = many ? new AggregateError(items(fields.errors, depth), message, options) : new Type(message, options)
  if (made.name !== name) hide(made, 'name', name)
  // Where it was read is not where it arose.
  hide(made, 'stack', message === '' ? name : `${name}: ${message}`)
  return made
}

/**
 * @param {Error} error
 * @param {string} property
 * @param {string} value
 */
function hide(error, property, value) {
  Object.defineProperty(error, property, { value, writable: true, enumerable: false, configurable: true })
}

/** @param {string} text */
function bigint(text) {
  if (DECIMAL.test(text)) return BigInt(text)
  const parts = HEXADECIMAL.exec(text)
  if (parts === null) throw new SyntaxError('not a bigint')
  return parts[1] === '-' ? -BigInt(parts[2]) : BigInt(parts[2])
}

/** @param {string} text */
function bytes(text) {
  const bytes = Buffer.from(text, 'base64')
  // `Buffer` passes over what is no base64, so that fewer bytes come out.
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  if (bytes.length !== (text.length / 4) * 3 - padding) throw new SyntaxError('not base64')
  return bytes
}

/**
 * @param {unknown} value
 * @param {number} depth
 * @param {number} [length] how many there must be
 */
function items(value, depth, length) {
  const list = array(value)
  if (length !== undefined && list.length !== length) throw new SyntaxError('not a list of that length')
  for (let i = 0; i < list.length; i++) list[i] = notHole(revive(list[i], depth))
  return list
}

/**
 * @param {unknown} value
 * @returns {unknown[]}
 */
function array(value) {
  if (!Array.isArray(value)) throw new SyntaxError('not a list')
  return value
}

/**
 * @param {string} type
 * @param {any} value
 */
function ofType(type, value) {
  if (typeof value !== type || value === null) throw new SyntaxError('not of that type')
  return value
}

/** @param {unknown} value */
function notHole(value) {
  if (value === HOLE) throw new SyntaxError('a hole outside an array')
  return value
}

/**
 * The value of a whole tree.
 * @param {unknown} tree
 */
function reviveTree(tree) {
  return notHole(revive(tree, 0))
}

module.exports = { reviveTree }
