'use strict'

// A session as it is stored: its data and its cookie are two texts, so that a touch writes one of them only.

const json = require('../codecs/json')
const { typeError, kindOf } = require('../errors')

/** A hundred years: no life that is stored is longer. */
const LONGEST_MS = 100 * 365 * 86_400_000

/**
 * @typedef {object} Record
 * @property {string} data JSON of all but the cookie
 * @property {string} cookie JSON, or empty where there is none
 * @property {number | undefined} ttlMs how long the cookie lives: 0 or less where it is over, `undefined` where it does not say
 */

/**
 * @param {any} session of express-session or of @fastify/session, or plain
 * @returns {Record}
 */
function recordOf(session) {
  const { cookie, ...data } = objectOf(typeof session?.toJSON === 'function' ? session.toJSON() : session)
  return { data: json.encode(data, 'session'), ...cookieOf(cookie) }
}

/** @param {any} session */
function objectOf(session) {
  if (session === null || typeof session !== 'object' || Array.isArray(session)) throw typeError(`session must be an object, got ${kindOf(session)}`)
  return session
}

/**
 * @param {any} cookie
 * @returns {{ cookie: string, ttlMs: number | undefined }}
 */
function cookieOf(cookie) {
  if (cookie === undefined) return { cookie: '', ttlMs: undefined }
  return { cookie: json.encode(cookie, 'session.cookie'), ttlMs: ttlOf(cookie?.expires) }
}

/**
 * A cookie that ends with the browser does not say when; nor does one whose date is none.
 * @param {unknown} expires
 */
function ttlOf(expires) {
  if (!(expires instanceof Date) && typeof expires !== 'string') return undefined
  const ms = new Date(expires).getTime() - Date.now()
  return Number.isNaN(ms) ? undefined : Math.min(ms, LONGEST_MS)
}

/**
 * What was stored, or `null` where that is no session.
 * @param {{ data: string, cookie: string }} stored
 * @returns {any}
 */
function sessionOf({ data, cookie }) {
  const session = parsed(data)
  const parsedCookie = cookie === '' ? undefined : parsed(cookie)
  if (session === null || parsedCookie === null) return null
  if (parsedCookie !== undefined) session.cookie = parsedCookie
  return session
}

/**
 * An object, or `null` where the text is of anything else.
 * @param {string} text
 * @returns {any}
 */
function parsed(text) {
  try {
    const value = JSON.parse(text)
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return null
    // Who copies the keys would change the class of the copy.
    delete value.__proto__
    return value
  } catch {
    return null
  }
}

/**
 * Whether two cookies differ in nothing but when they end, which each request moves.
 * @param {string} one
 * @param {string} other
 */
function sameTerms(one, other) {
  const [a, b] = [termsOf(one), termsOf(other)]
  return a.rest === b.rest && isSameAge(a.originalMaxAge, b.originalMaxAge)
}

/** @param {string} cookie */
function termsOf(cookie) {
  // The second is what @fastify/session has found stored.
  const { expires: _expires, originalExpires: _originalExpires, originalMaxAge, ...rest } = parsed(cookie) ?? {}
  return { originalMaxAge, rest: JSON.stringify(rest) }
}

/** express-session works it out of two looks at the clock, so it may lose a moment with each request. */
const MOMENT_MS = 1000

/**
 * @param {unknown} one
 * @param {unknown} other
 */
function isSameAge(one, other) {
  return typeof one === 'number' && typeof other === 'number' ? Math.abs(one - other) < MOMENT_MS : one === other
}

module.exports = { recordOf, cookieOf, sessionOf, parsed, ttlOf, sameTerms }
