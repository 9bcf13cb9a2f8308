'use strict'

// Names and lives of entries.

const { sha256 } = require('../hash')

/** Longer names are stored under their hash. */
const LONGEST = 256
/** A copy of what a build fetches for itself is of use to the build only. */
const OF_BUILD_MS = 3_600_000

/**
 * @param {string} kind
 * @param {string} key
 */
function nameOf(kind, key) {
  return `${kind}:${key.length > LONGEST || key.includes('\0') ? sha256(key) : key}`
}

/**
 * For how long an entry may be used at all; Next.js says it in seconds.
 * @param {unknown} expire
 * @param {number} longestMs
 */
function lifeOf(expire, longestMs) {
  return typeof expire === 'number' && expire >= 0 ? Math.min(expire * 1000, longestMs) : longestMs
}

module.exports = { OF_BUILD_MS, lifeOf, nameOf }
