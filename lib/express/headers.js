'use strict'

// Decisions as header fields, in each of the forms that clients know. Pure: nothing is read but the arguments.

const check = require('../check')
const { typeError, rangeError, kindOf, kindOfWord } = require('../errors')
const { policiesOf } = require('./policies')
const { quotasOf } = require('./quota')

/** @typedef {import('./quota').Quota} Quota */
/** @typedef {'draft-10' | 'draft-8' | 'draft-7' | 'draft-6' | 'legacy'} Format */
/** @typedef {{ decision: import('../../index').RateLimitResult, quotas: Quota[], deciding: Quota, unit: string }} Told */

/** What clients look at today, and what they will look at. @type {readonly Format[]} */
const DEFAULT = ['legacy', 'draft-10']
const UNITS = ['requests', 'content-bytes', 'concurrent-requests']

/**
 * In the order in which they are written: where two write one field, the later holds.
 * @type {Record<Format, (told: Told) => Record<string, string>>}
 */
const FORMATS = { legacy, 'draft-6': draft6, 'draft-7': draft7, 'draft-8': draft8, 'draft-10': draft10 }
/** They write `RateLimit`, each in its own way. */
const RIVALS = ['draft-7', 'draft-8', 'draft-10']

/** @param {Told} told */
function legacy({ decision }) {
  return {
    'X-RateLimit-Limit': String(decision.limit),
    'X-RateLimit-Remaining': whole(decision.remaining),
    'X-RateLimit-Reset': String(Math.ceil(decision.resetAt / 1000)),
  }
}

/** @param {Told} told */
function draft6({ quotas, deciding }) {
  return {
    'RateLimit-Policy': quotas.map(oldPolicy).join(', '),
    'RateLimit-Limit': String(deciding.limit),
    'RateLimit-Remaining': whole(deciding.remaining),
    'RateLimit-Reset': String(seconds(deciding.resetMs)),
  }
}

/** @param {Told} told */
function draft7({ quotas, deciding }) {
  const { limit, remaining, resetMs } = deciding
  return {
    'RateLimit-Policy': quotas.map(oldPolicy).join(', '),
    RateLimit: `limit=${limit}, remaining=${whole(remaining)}, reset=${seconds(resetMs)}`,
  }
}

/** @param {Quota} quota */
function oldPolicy({ limit, windowMs }) {
  return windowMs === undefined ? String(limit) : `${limit};w=${seconds(windowMs)}`
}

/** @param {Told} told */
function draft8({ quotas }) {
  return {
    'RateLimit-Policy': quotas.map((quota) => policy(quota)).join(', '),
    RateLimit: quotas.map((quota) => `"${quota.name}";r=${whole(quota.remaining)};t=${seconds(quota.resetMs)}`).join(', '),
  }
}

/** `t` is when there will be more, where draft 8 says when all will be there. @param {Told} told */
function draft10({ quotas, unit }) {
  return {
    'RateLimit-Policy': quotas.map((quota) => policy(quota, unit)).join(', '),
    RateLimit: quotas.map((quota) => `"${quota.name}";r=${whole(quota.remaining)}${quota.moreMs > 0 ? `;t=${seconds(quota.moreMs)}` : ''}`).join(', '),
  }
}

/**
 * `w` counts whole seconds, so a window below one cannot be told.
 * @param {Quota} quota
 * @param {string} [unit]
 */
function policy({ name, limit, windowMs }, unit = 'requests') {
  const qu = unit === 'requests' ? '' : `;qu="${unit}"`
  return `"${name}";q=${limit}${qu}${windowMs === undefined || windowMs < 1000 ? '' : `;w=${seconds(windowMs)}`}`
}

/** @param {number} n */
function whole(n) {
  return String(Math.max(0, Math.floor(n)))
}

/** Never too early. @param {number} ms */
function seconds(ms) {
  return Math.ceil(ms / 1000)
}

/**
 * A whole number of seconds, after which the same request passes if nothing else comes; `undefined` where it passes now or never.
 * @param {import('../../index').RateLimitResult} decision
 */
function retryAfter({ allowed, retryAfterMs }) {
  return allowed || !Number.isFinite(retryAfterMs) ? undefined : Math.max(1, seconds(retryAfterMs))
}

/**
 * @param {any} decision
 * @param {readonly import('./policies').Checked[]} policies
 * @param {readonly Format[]} formats
 * @param {string} unit
 */
function headersOf(decision, policies, formats, unit) {
  const quotas = quotasOf(decision, policies)
  /** @type {any[]} */
  const results = decision.policies ?? [decision]
  const decides = (/** @type {any} */ { limit, remaining, resetAt }) => limit === decision.limit && remaining === decision.remaining && resetAt === decision.resetAt
  const told = { decision, quotas, deciding: quotas[Math.max(0, results.findIndex(decides))], unit }
  /** @type {Record<string, string>} */
  const headers = {}
  for (const format of formats) Object.assign(headers, FORMATS[format](told))
  const wait = retryAfter(decision)
  if (wait !== undefined) headers['Retry-After'] = String(wait)
  return headers
}

/**
 * @param {unknown} value of `options.headers`
 * @returns {readonly Format[]} in the order in which they are written
 */
function formatsOf(value) {
  if (value === undefined) return DEFAULT
  if (value === false) return []
  const list = Array.isArray(value) ? value : [value]
  const known = /** @type {Format[]} */ (Object.keys(FORMATS))
  for (const format of list) {
    if (known.includes(format)) continue
    throw typeError(`options.headers must be false, or one or several of '${known.join("', '")}', got ${kindOfWord(format)}`)
  }
  const rivals = RIVALS.filter((format) => list.includes(format))
  if (rivals.length > 1) throw rangeError(`options.headers: ${rivals.join(' and ')} write RateLimit in different ways, so only one of them can be chosen`)
  return known.filter((format) => list.includes(format))
}

/** @param {unknown} value */
function unitOf(value) {
  if (value === undefined) return UNITS[0]
  if (typeof value === 'string' && UNITS.includes(value)) return value
  throw typeError(`options.unit must be one of '${UNITS.join("', '")}', got ${kindOfWord(value)}`)
}

/**
 * @param {any} decision
 * @param {import('../../express').RateLimitHeadersOptions} [options]
 */
function rateLimitHeaders(decision, options) {
  if (decision === null || typeof decision !== 'object' || typeof decision.allowed !== 'boolean') {
    throw typeError(`decision must be what a RateLimiter decided, got ${kindOf(decision)}`)
  }
  const { headers, policies, unit } = check.options(options, 'options', ['headers', 'policies', 'unit'])
  return headersOf(decision, policies === undefined ? [] : policiesOf(policies, 'options.policies'), formatsOf(headers), unitOf(unit))
}

module.exports = { formatsOf, headersOf, rateLimitHeaders, retryAfter, unitOf }
