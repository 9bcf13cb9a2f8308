'use strict'

// What the handlers are told, checked.

const check = require('../check')
const { typeError, rangeError, kindOf } = require('../errors')

const KNOWN = /** @type {const} */ (['prefix', 'timeoutMs', 'maxTtl', 'maxEntryBytes', 'near', 'compress', 'onUnavailable', 'buildId'])

const DEFAULTS = { prefix: 'next', timeoutMs: 500, maxTtl: '14d', maxEntryBytes: 16 * 1024 * 1024, near: true, compress: true, onUnavailable: 'render' }
const MOST_BYTES = 256 * 1024 * 1024
/** What is stored is taken for another's from this on. */
const COMPRESSED_FROM = 1024

/**
 * @typedef {object} Settings
 * @property {string} prefix
 * @property {number} timeoutMs
 * @property {number} lifeMs
 * @property {number} maxEntryBytes
 * @property {any} near
 * @property {false | { fromBytes: number }} compress
 * @property {'render' | 'stale'} onUnavailable
 * @property {string | undefined} buildId
 */

/**
 * @param {any} given whose names are known
 * @returns {Settings}
 */
function settingsOf(given) {
  const { prefix, timeoutMs, maxTtl, maxEntryBytes, near, compress, onUnavailable } = { ...DEFAULTS, ...defined(given) }
  check.key(prefix, 'options.prefix')
  // Keys of tags share a slot by braces of their own.
  if (/[{}]/.test(prefix)) throw rangeError('options.prefix must not hold braces')
  if (given.buildId !== undefined) check.key(given.buildId, 'options.buildId')
  const lifeMs = check.ttl(maxTtl, 'options.maxTtl')
  if (lifeMs === 0 || lifeMs === Infinity) throw rangeError('options.maxTtl must be a time that ends')
  if (typeof near !== 'boolean' && (typeof near !== 'object' || near === null || Array.isArray(near))) throw typeError(`options.near must be a boolean or an object, got ${kindOf(near)}`)
  return {
    prefix,
    timeoutMs: check.duration(timeoutMs, 'options.timeoutMs'),
    lifeMs,
    maxEntryBytes: check.integer(maxEntryBytes, 'options.maxEntryBytes', 1, MOST_BYTES),
    // Nobody changes what is handed out, and a copy for each reader would be dear.
    near: near === false ? false : { ...(near === true ? {} : near), copy: 'share' },
    compress: check.boolean(compress, 'options.compress') && { fromBytes: COMPRESSED_FROM },
    onUnavailable: check.oneOf(onUnavailable, 'options.onUnavailable', /** @type {const} */ (['render', 'stale'])),
    buildId: given.buildId,
  }
}

/** @param {Record<string, any>} given */
function defined(given) {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

module.exports = { KNOWN, settingsOf }
