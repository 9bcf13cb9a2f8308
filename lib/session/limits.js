'use strict'

// How much a session holds: together less than `src/session/lua/record.lua` reads.

const { rangeError } = require('../errors')

const MOST_DATA = 8 * 1024 * 1024
const MOST_META = 64 * 1024
const MOST_COOKIE = 64 * 1024

/**
 * @param {string} text
 * @param {string} name
 * @param {number} most
 */
function atMost(text, name, most) {
  // No character takes more than three bytes a code unit, so a short text needs no counting.
  if (text.length * 3 > most && Buffer.byteLength(text) > most) throw rangeError(`${name} must be at most ${most} bytes, got ${Buffer.byteLength(text)}`)
}

/** @param {string} data */
function checkData(data) {
  atMost(data, 'data', MOST_DATA)
}

/** @param {string | null} meta */
function checkMeta(meta) {
  if (meta !== null) atMost(meta, 'meta', MOST_META)
}

/** @param {string} cookie */
function checkCookie(cookie) {
  atMost(cookie, 'cookie', MOST_COOKIE)
}

module.exports = { checkData, checkMeta, checkCookie }
