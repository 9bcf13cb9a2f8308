'use strict'

// `Cache-Status` (RFC 9211): what a cache did with a request, and why.

/**
 * @param {string} cache its name
 * @param {{
 *   hit?: boolean,
 *   ttlMs?: number,
 *   forward?: string,
 *   forwardStatus?: number,
 *   stored?: boolean,
 *   detail?: string | null,
 * }} done
 */
function cacheStatus(cache, { hit, ttlMs, forward, forwardStatus, stored, detail }) {
  let text = cache
  if (hit === true) text += '; hit'
  if (forward !== undefined) text += `; fwd=${forward}`
  if (forwardStatus !== undefined) text += `; fwd-status=${forwardStatus}`
  if (stored === true) text += '; stored'
  if (ttlMs !== undefined) text += `; ttl=${Math.floor(ttlMs / 1000)}`
  if (detail !== undefined && detail !== null) text += `; detail=${detail}`
  return text
}

/**
 * Behind what caches nearer to the origin have said.
 * @param {any} res
 * @param {string} text
 * @param {boolean} [isFirst] whether it is known that none has
 */
function addCacheStatus(res, text, isFirst = false) {
  const before = isFirst ? '' : res.getHeader('Cache-Status')
  res.setHeader('Cache-Status', before === undefined || before === '' ? text : `${before}, ${text}`)
}

module.exports = { addCacheStatus, cacheStatus }
