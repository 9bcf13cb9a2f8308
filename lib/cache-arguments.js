'use strict'

// The arguments of the cache's methods, checked before anything is sent.

const check = require('./check')
const { typeError, rangeError, kindOf } = require('./errors')

/** @typedef {{ ttlMs: number, namespace?: string, forceFresh?: boolean, signal?: AbortSignal }} Plan what `getOrSet` was asked for */

/**
 * @param {unknown} value
 * @param {string} [name]
 * @returns {asserts value is string | undefined}
 */
function optionalNamespace(value, name = 'namespace') {
  if (value !== undefined) check.key(value, name)
}

/**
 * How `set` and `setMany` store.
 * @param {unknown} options
 * @param {number} ttlMs the cache's own
 * @returns {{ ttlMs: number, namespace: string | undefined }}
 */
function life(options, ttlMs) {
  const { ttl, namespace } = check.options(options, 'options', ['ttl', 'namespace'])
  optionalNamespace(namespace, 'options.namespace')
  return { ttlMs: ttl === undefined ? ttlMs : check.ttl(ttl, 'options.ttl'), namespace }
}

/**
 * @param {unknown} options
 * @returns {{ namespace: string | undefined, signal: AbortSignal | undefined }}
 */
function lookup(options) {
  const { namespace, signal } = check.options(options, 'options', ['namespace', 'signal'])
  optionalNamespace(namespace, 'options.namespace')
  if (signal !== undefined) check.signal(signal, 'options.signal')
  return { namespace, signal }
}

/**
 * @param {unknown} options a `ttl`, or an object
 * @param {number} ttlMs the cache's own
 * @returns {Plan}
 */
function plan(options, ttlMs) {
  if (options === undefined) return { ttlMs }
  if (typeof options === 'number' || typeof options === 'string') return { ttlMs: check.ttl(options, 'ttl') }
  const { ttl, namespace, forceFresh, signal } = check.options(options, 'options', ['ttl', 'namespace', 'forceFresh', 'signal'])
  optionalNamespace(namespace, 'options.namespace')
  if (signal !== undefined) check.signal(signal, 'options.signal')
  if (forceFresh !== undefined && typeof forceFresh !== 'boolean') {
    throw typeError(`options.forceFresh must be a boolean, got ${kindOf(forceFresh)}`)
  }
  return { ttlMs: ttl === undefined ? ttlMs : check.ttl(ttl, 'options.ttl'), namespace, forceFresh, signal }
}

/**
 * The keys and the encoded values of `setMany`.
 * @param {unknown} entries
 * @param {(value: unknown, name: string) => string | Uint8Array} encode
 */
function pairs(entries, encode) {
  if (typeof (/** @type {any} */ (entries)?.[Symbol.iterator]) !== 'function') {
    throw typeError(`entries must be an iterable of [key, value], got ${kindOf(entries)}`)
  }
  const keys = []
  const stored = []
  for (const entry of /** @type {Iterable<unknown>} */ (entries)) {
    const name = `entries[${keys.length}]`
    if (!Array.isArray(entry)) throw typeError(`${name} must be a [key, value], got ${kindOf(entry)}`)
    if (entry.length !== 2) throw typeError(`${name} must be a [key, value], got an array of ${entry.length}`)
    const [key, value] = entry
    check.key(key, `${name}[0]`)
    keys.push(key)
    stored.push(encode(value, `${name}[1]`))
  }
  return { keys, stored }
}

/** @param {unknown} value */
function jitter(value) {
  if (typeof value !== 'number') throw typeError(`options.jitter must be a number, got ${kindOf(value)}`)
  if (!(value >= 0 && value <= 1)) throw rangeError(`options.jitter must be from 0 to 1, got ${value}`)
  return value
}

module.exports = { optionalNamespace, life, lookup, plan, pairs, jitter }
