'use strict'

// The options of `cacheMiddleware`, checked and completed.

const check = require('../check')
const { typeError, rangeError } = require('../errors')
const { callback, flag } = require('./optional')

const KNOWN = /** @type {const} */ ([
  'ttl', 'mode', 'keyGenerator', 'query', 'vary', 'tags', 'skip', 'statuses', 'maxBody', 'maxVariants', 'heuristic', 'stripSetCookie', 'ignoreCookies', 'compress',
  'staleWhileRevalidate', 'staleIfError', 'invalidateOnWrite', 'waitMs', 'cacheName', 'prefix', 'namespace', 'near', 'timeoutMs', 'onError',
])

const MB = 1024 * 1024
/** A name of RFC 9211 that needs no quotes. */
const TOKEN = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/
const FIELD = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}$/

/** @param {unknown} given */
function planOf(given) {
  const options = check.options(given, 'options', KNOWN)
  const { mode = 'ttl', cacheName = 'redwright', maxBody = 4 * MB, maxVariants = 256, waitMs = 5000 } = options
  check.oneOf(mode, 'options.mode', ['ttl', 'http'])
  if (mode === 'ttl' && options.ttl === undefined) throw typeError("options.ttl must be given, or options.mode be 'http'")
  if (typeof cacheName !== 'string' || !TOKEN.test(cacheName)) throw typeError('options.cacheName must be a letter, then letters, digits, _, - or ., at most 64')
  return {
    mode: /** @type {'ttl' | 'http'} */ (mode),
    ttlMs: options.ttl === undefined ? undefined : life(options.ttl, 'options.ttl'),
    swrMs: options.staleWhileRevalidate === undefined ? undefined : life(options.staleWhileRevalidate, 'options.staleWhileRevalidate'),
    sieMs: options.staleIfError === undefined ? undefined : life(options.staleIfError, 'options.staleIfError'),
    keyGenerator: callback(options, 'keyGenerator'),
    query: queryOf(options.query),
    keyedVary: fields(options.vary),
    tags: callback(options, 'tags'),
    skip: callback(options, 'skip'),
    statuses: statusesOf(options.statuses),
    maxBody: check.integer(maxBody, 'options.maxBody', 1, 64 * MB),
    maxVariants: check.integer(maxVariants, 'options.maxVariants', 1, 2 ** 24),
    heuristic: flag(options, 'heuristic', false),
    stripSetCookie: flag(options, 'stripSetCookie', false),
    ignoreCookies: flag(options, 'ignoreCookies', false),
    compress: flag(options, 'compress', false),
    invalidatesOnWrite: flag(options, 'invalidateOnWrite', true),
    waitMs: check.durationOrNone(waitMs, 'options.waitMs'),
    onError: callback(options, 'onError'),
    cacheName,
  }
}

/** @typedef {ReturnType<typeof planOf>} Plan */

/**
 * @param {unknown} value
 * @param {string} name
 */
function life(value, name) {
  const ms = check.ttl(value, name)
  if (ms === Infinity) throw rangeError(`${name} must not be Infinity: a page that is never looked at again stays for ever`)
  return ms
}

/**
 * @param {unknown} query
 * @returns {import('../http/key').Query}
 */
function queryOf(query) {
  if (query === undefined || query === true) return true
  if (query === false) return false
  return new Set(check.keys(check.array(query, 'options.query'), 'options.query'))
}

/** @param {unknown} vary */
function fields(vary) {
  if (vary === undefined) return []
  const names = /** @type {unknown[]} */ (check.array(vary, 'options.vary'))
  return names.map((name, i) => {
    if (typeof name !== 'string' || !FIELD.test(name) || name === '*') throw typeError(`options.vary[${i}] must be the name of a header field`)
    return name.toLowerCase()
  })
}

/** @param {unknown} statuses */
function statusesOf(statuses) {
  if (statuses === undefined) return undefined
  return /** @type {unknown[]} */ (check.array(statuses, 'options.statuses')).map((status, i) => check.integer(status, `options.statuses[${i}]`, 200, 599))
}

module.exports = { planOf }
