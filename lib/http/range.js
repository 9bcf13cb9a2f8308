'use strict'

// The part of a body that a client asks for (RFC 9110 14). One part only: who asks for several gets the whole.

const native = require('../native')

const SINGLE = /^bytes=[ \t]*(?:(\d+)-(\d*)|-(\d+))[ \t]*$/i
/** Longer than any that counts. */
const LONGEST = 64

/**
 * @typedef {{ start: number, end: number }} Part the first byte and the last
 */

/**
 * What of a whole response of status 200 is to be sent for a GET.
 * @param {Record<string, string | string[] | undefined>} requestHeaders
 * @param {number} length of the body
 * @param {{ etag?: string, lastModified?: string, date?: string }} validators those of the response; `date` tells whether Last-Modified is a strong one
 * @returns {null | 'unsatisfiable' | [Part]} `null`: the whole
 */
function rangeOf(requestHeaders, length, validators) {
  const { range } = requestHeaders
  if (typeof range !== 'string' || range.length > LONGEST || length === 0) return null
  const found = SINGLE.exec(range)
  if (found === null || !isSame(requestHeaders['if-range'], validators)) return null
  const [, first, last, suffix] = found
  if (suffix !== undefined) {
    const count = Number(suffix)
    return count === 0 ? 'unsatisfiable' : [{ start: Math.max(0, length - count), end: length - 1 }]
  }
  const start = Number(first)
  const end = last === '' ? length - 1 : Number(last)
  if (end < start && last !== '') return null
  return start >= length ? 'unsatisfiable' : [{ start, end: Math.min(end, length - 1) }]
}

/**
 * Whether the client's part is one of the same bytes, for certain.
 * @param {string | string[] | undefined} condition
 * @param {{ etag?: string, lastModified?: string, date?: string }} validators
 */
function isSame(condition, { etag, lastModified, date }) {
  if (condition === undefined) return true
  const text = String(condition).trim()
  if (text.startsWith('"')) return text === etag
  return text === lastModified && isStrong(lastModified, date)
}

/**
 * Within the second of a change there may be another one (RFC 9110 8.8.2.2).
 * @param {string} lastModified
 * @param {string | undefined} date
 */
function isStrong(lastModified, date) {
  const now = Date.now()
  const modified = native.parseHttpDate(lastModified, now)
  return date === undefined ? !Number.isNaN(modified) : native.parseHttpDate(date, now) - modified >= 1000
}

module.exports = { rangeOf }
