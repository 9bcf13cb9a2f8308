'use strict'

// The option `near`, checked.

const check = require('./check')
const { typeError, kindOf } = require('./errors')

const COPIES = /** @type {const} */ (['share', 'freeze', 'clone'])
const KNOWN = ['maxEntries', 'maxBytes', 'ttlMs', 'copy']
const DEFAULTS = { maxEntries: 10_000, maxBytes: 64 * 1024 * 1024, ttlMs: 60_000, copy: 'freeze' }

/** @typedef {{ maxEntries: number, maxBytes: number, ttlMs: number, copy: 'share' | 'freeze' | 'clone' }} NearOptions */

/**
 * @param {unknown} option
 * @returns {NearOptions | null} `null` for none
 */
function nearOptions(option) {
  if (option === undefined || option === false) return null
  if (option !== true && (typeof option !== 'object' || option === null || Array.isArray(option))) {
    throw typeError(`options.near must be a boolean or an object, got ${kindOf(option)}`)
  }
  const { maxEntries, maxBytes, ttlMs, copy } = { ...DEFAULTS, ...(option === true ? {} : check.options(option, 'options.near', KNOWN)) }
  return {
    ttlMs: check.duration(ttlMs, 'options.near.ttlMs'),
    copy: check.oneOf(copy ?? DEFAULTS.copy, 'options.near.copy', COPIES),
    maxEntries: check.integer(maxEntries, 'options.near.maxEntries', 1, 2 ** 24),
    maxBytes: check.integer(maxBytes, 'options.near.maxBytes', 1, 2 ** 40),
  }
}

/**
 * The same for a pattern that changes nothing of what it is handed: a copy for each reader would be dear.
 * @param {unknown} option
 * @returns {NearOptions | false}
 */
function sharedCopies(option) {
  const checked = nearOptions(option)
  return checked !== null && { ...checked, copy: 'share' }
}

module.exports = { nearOptions, sharedCopies }
