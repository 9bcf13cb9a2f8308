'use strict'

// What the handlers are told, checked.

const check = require('../check')
const { rangeError } = require('../errors')
const { sharedCopies } = require('../near-options')

const KNOWN = /** @type {const} */ (['prefix', 'timeoutMs', 'maxTtl', 'maxEntryBytes', 'near', 'compress', 'onUnavailable', 'buildId'])

const DEFAULTS = { prefix: 'next', timeoutMs: 500, maxTtl: '14d', maxEntryBytes: 16 * 1024 * 1024, near: true, compress: true, onUnavailable: 'render' }
const MOST_BYTES = 256 * 1024 * 1024

/**
 * @typedef {object} Settings
 * @property {string} prefix
 * @property {number} timeoutMs
 * @property {number} lifeMs
 * @property {number} maxEntryBytes
 * @property {import('../near-options').NearOptions | false} near
 * @property {boolean} compress
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
  return {
    prefix,
    timeoutMs: check.duration(timeoutMs, 'options.timeoutMs'),
    lifeMs,
    maxEntryBytes: check.integer(maxEntryBytes, 'options.maxEntryBytes', 1, MOST_BYTES),
    near: sharedCopies(near),
    compress: check.boolean(compress, 'options.compress'),
    onUnavailable: check.oneOf(onUnavailable, 'options.onUnavailable', /** @type {const} */ (['render', 'stale'])),
    buildId: given.buildId,
  }
}

/** @param {Record<string, any>} given */
function defined(given) {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

module.exports = { KNOWN, settingsOf }
