'use strict'

// The arguments of the cache's methods, checked before anything is sent.

const check = require('./check')
const { typeError, rangeError, kindOf } = require('./errors')

/** The most tags of an entry. */
const MOST_TAGS = 256
/** @type {readonly string[]} */
const NO_TAGS = Object.freeze([])

/**
 * What `getOrSet` was asked for.
 * @typedef {object} Plan
 * @property {number} ttlMs
 * @property {number} staleMs how long it stays behind that, for those who take it stale
 * @property {number | undefined} negativeMs the life of `null`
 * @property {number} softMs how long to wait for a load while there is a stale value
 * @property {number} hardMs how long a load may take; 0 for ever
 * @property {number} waitMs how long to wait for another's load
 * @property {number} restMs how long loads rest after one that failed
 * @property {number} beta how early to load again; 0 for not at all
 * @property {boolean} leased whether only one loads
 * @property {readonly string[] | ((value: any) => unknown)} tags
 * @property {boolean} tagged whether what is loaded may have tags
 * @property {string | undefined} namespace
 * @property {boolean} forceFresh
 * @property {AbortSignal | undefined} signal
 */

/** What `getOrSet` takes; those of `OF_CACHE` are a cache's options too, and stand in for what a call does not say. */
const OF_CACHE = ['ttl', 'staleTtl', 'negativeTtl', 'softTimeoutMs', 'hardTimeoutMs', 'waitMs', 'refreshThrottleMs', 'earlyRefresh']
const OF_CALL = ['namespace', 'forceFresh', 'signal', 'lease', 'tags']
const KNOWN = [...OF_CACHE, ...OF_CALL]

/**
 * @param {unknown} value
 * @param {string} [name]
 * @returns {asserts value is string | undefined}
 */
function optionalNamespace(value, name = 'namespace') {
  if (value !== undefined) check.key(value, name)
}

/**
 * A stale life: a `ttl` that ends.
 * @param {unknown} value
 * @param {string} name
 * @returns {number}
 */
function stale(value, name) {
  const ms = check.ttl(value, name)
  if (ms === Infinity) throw rangeError(`${name} must not be Infinity: what never ends is never stale`)
  return ms
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {readonly string[]}
 */
function tags(value, name) {
  if (!Array.isArray(value)) throw typeError(`${name} must be an array of strings, got ${kindOf(value)}`)
  if (value.length === 0) return NO_TAGS
  if (value.length > MOST_TAGS) throw rangeError(`${name} must be at most ${MOST_TAGS} tags, got ${value.length}`)
  const list = check.keys(value, name)
  return list.length === 1 ? list : [...new Set(list)]
}

/**
 * How `set` and `setMany` store.
 * @param {unknown} options
 * @param {Plan} plan the cache's own
 * @returns {{ ttlMs: number, staleMs: number, tags: readonly string[], namespace: string | undefined }}
 */
function life(options, plan) {
  if (options === undefined) return { ttlMs: plan.ttlMs, staleMs: plan.staleMs, tags: NO_TAGS, namespace: undefined }
  const known = check.options(options, 'options', ['ttl', 'namespace', 'tags', 'staleTtl'])
  optionalNamespace(known.namespace, 'options.namespace')
  return {
    ttlMs: known.ttl === undefined ? plan.ttlMs : check.ttl(known.ttl, 'options.ttl'),
    staleMs: known.staleTtl === undefined ? plan.staleMs : stale(known.staleTtl, 'options.staleTtl'),
    tags: known.tags === undefined ? NO_TAGS : tags(known.tags, 'options.tags'),
    namespace: known.namespace,
  }
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
 * @param {Plan} own the cache's
 * @returns {Plan}
 */
function plan(options, own) {
  if (options === undefined) return own
  if (typeof options === 'number' || typeof options === 'string') return { ...own, ttlMs: check.ttl(options, 'ttl') }
  return planOf(check.options(options, 'options', KNOWN), own)
}

/**
 * @param {any} known
 * @param {Plan} own
 * @returns {Plan}
 */
function planOf(known, own) {
  /** @type {(option: string, otherwise: any, read: (value: any, name: string) => any) => any} */
  const or = (option, otherwise, read) => (known[option] === undefined ? otherwise : read(known[option], `options.${option}`))
  return {
    ttlMs: or('ttl', own.ttlMs, check.ttl),
    staleMs: or('staleTtl', own.staleMs, stale),
    negativeMs: or('negativeTtl', own.negativeMs, check.ttl),
    softMs: or('softTimeoutMs', own.softMs, check.durationOrNone),
    hardMs: or('hardTimeoutMs', own.hardMs, check.durationOrNone),
    waitMs: or('waitMs', own.waitMs, check.durationOrNone),
    restMs: or('refreshThrottleMs', own.restMs, check.durationOrNone),
    beta: or('earlyRefresh', own.beta, beta),
    leased: or('lease', own.leased, check.boolean),
    tags: or('tags', own.tags, (value, name) => (typeof value === 'function' ? value : tags(value, name))),
    tagged: own.tagged || known.tags !== undefined,
    namespace: or('namespace', own.namespace, (value, name) => (check.key(value, name), value)),
    forceFresh: or('forceFresh', own.forceFresh, check.boolean),
    signal: or('signal', own.signal, (value, name) => (check.signal(value, name), value)),
  }
}

/**
 * @param {unknown} value `true` for 1
 * @param {string} name
 */
function beta(value, name) {
  if (typeof value === 'boolean') return Number(value)
  if (typeof value !== 'number') throw typeError(`${name} must be a boolean or a number, got ${kindOf(value)}`)
  if (!(value >= 0 && value <= 100)) throw rangeError(`${name} must be from 0 to 100, got ${value}`)
  return value
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
  const payloads = []
  for (const entry of /** @type {Iterable<unknown>} */ (entries)) {
    const name = `entries[${keys.length}]`
    if (!Array.isArray(entry)) throw typeError(`${name} must be a [key, value], got ${kindOf(entry)}`)
    if (entry.length !== 2) throw typeError(`${name} must be a [key, value], got an array of ${entry.length}`)
    const [key, value] = entry
    check.key(key, `${name}[0]`)
    keys.push(key)
    payloads.push(encode(value, `${name}[1]`))
  }
  return { keys, payloads }
}

/** @param {unknown} value */
function jitter(value) {
  if (typeof value !== 'number') throw typeError(`options.jitter must be a number, got ${kindOf(value)}`)
  if (!(value >= 0 && value <= 1)) throw rangeError(`options.jitter must be from 0 to 1, got ${value}`)
  return value
}

module.exports = { optionalNamespace, life, lookup, plan, planOf, pairs, jitter, stale, tags, NO_TAGS, OF_CACHE, KNOWN }
