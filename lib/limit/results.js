'use strict'

// What callers are told, made of the numbers that came up.

/** @typedef {import('../../index').RateLimitResult & { policies?: import('../../index').RateLimitPolicyResult[] }} Result */

/**
 * What one policy says. `at` is where its numbers begin: what is left, ms until it would allow the same, ms until it is full.
 * @param {import('./policy').Policy} policy
 * @param {Float64Array} numbers
 * @param {number} at
 * @param {number} now
 * @param {boolean} degraded
 */
function ofPolicy({ name, limit }, numbers, at, now, degraded) {
  const retry = numbers[at + 1]
  const retryAfterMs = retry < 0 ? Infinity : retry
  return { name, allowed: retry === 0, limit, remaining: numbers[at], resetAt: now + numbers[at + 2], resetAfterMs: numbers[at + 2], retryAfterMs, degraded }
}

/**
 * What a caller is told whose numbers begin `at`: whether it was allowed, then those of each policy.
 * @param {import('./policies').PolicySet} set
 * @param {Float64Array} numbers
 * @param {number} at
 * @param {number} now the server's, in ms since the epoch
 * @param {boolean} degraded
 * @returns {Result}
 */
function resultOf(set, numbers, at, now, degraded) {
  const { policies } = set
  const allowed = numbers[at] === 1
  if (!set.isListed) {
    const retry = numbers[at + 2]
    const retryAfterMs = allowed ? 0 : retry < 0 ? Infinity : retry
    const resetAfterMs = numbers[at + 3]
    return { allowed, limit: policies[0].limit, remaining: numbers[at + 1], resetAt: now + resetAfterMs, resetAfterMs, retryAfterMs, degraded }
  }
  const each = policies.map((policy, i) => ofPolicy(policy, numbers, at + 1 + 3 * i, now, degraded))
  return decision(allowed, each, degraded)
}

/**
 * @param {boolean} allowed
 * @param {import('../../index').RateLimitPolicyResult[]} policies
 * @param {boolean} degraded
 * @returns {Result}
 */
function decision(allowed, policies, degraded) {
  /** @type {(one: import('../../index').RateLimitPolicyResult, other: import('../../index').RateLimitPolicyResult) => boolean} */
  const decides = allowed
    ? (one, other) => one.remaining * other.limit < other.remaining * one.limit
    : (one, other) => one.retryAfterMs > other.retryAfterMs
  const { limit, remaining, resetAt, resetAfterMs, retryAfterMs } = policies.reduce((best, one) => (decides(one, best) ? one : best))
  return { allowed, limit, remaining, resetAt, resetAfterMs, retryAfterMs: allowed ? 0 : retryAfterMs, degraded, policies }
}

/**
 * What a caller is told without asking anybody: all there is, or nothing for `retryAfterMs`.
 * @param {import('./policies').PolicySet} set
 * @param {boolean} allowed
 * @param {number} retryAfterMs
 * @param {number} now
 * @param {boolean} degraded
 * @returns {Result}
 */
function uncounted(set, allowed, retryAfterMs, now, degraded) {
  const resetAfterMs = Number.isFinite(retryAfterMs) ? retryAfterMs : 0
  /**
   * Where one allows nothing ever, what the others would say is not asked for.
   * @param {import('./policy').Policy} policy
   */
  const of = ({ name, limit }) => {
    const allows = allowed || (limit > 0 && retryAfterMs === Infinity)
    const span = allows ? 0 : retryAfterMs
    return { name, allowed: allows, limit, remaining: allows ? limit : 0, resetAt: now + resetAfterMs, resetAfterMs, retryAfterMs: span, degraded }
  }
  return shown(set, decision(allowed, set.policies.map(of), degraded))
}

/**
 * A decision as the caller wants it.
 * @param {import('./policies').PolicySet} set
 * @param {Result} result
 * @returns {Result}
 */
function shown({ isListed }, result) {
  if (isListed) return result
  const { policies: _, ...alone } = result
  return alone
}

/**
 * A refusal that was told before, as it is now.
 * @param {Result} result
 * @param {number} passedMs since then
 * @returns {Result}
 */
function told(result, passedMs) {
  const { limit, remaining, resetAt, degraded, policies } = result
  const resetAfterMs = later(result.resetAfterMs, passedMs)
  const retryAfterMs = later(result.retryAfterMs, passedMs)
  const now = { allowed: false, limit, remaining, resetAt, resetAfterMs, retryAfterMs, degraded }
  return policies === undefined ? now : { ...now, policies: policies.map((policy) => toldOf(policy, passedMs)) }
}

/**
 * @param {import('../../index').RateLimitPolicyResult} result
 * @param {number} passedMs
 */
function toldOf(result, passedMs) {
  return { ...result, resetAfterMs: later(result.resetAfterMs, passedMs), retryAfterMs: later(result.retryAfterMs, passedMs) }
}

/**
 * @param {number} ms
 * @param {number} passedMs
 */
function later(ms, passedMs) {
  return ms === 0 || ms === Infinity ? ms : Math.max(1, Math.ceil(ms - passedMs))
}

module.exports = { resultOf, uncounted, told }
