'use strict'

// What a client can be told of one policy: spans from now, since its clock is not the server's.

const { isDrained } = require('../limit/policy')

/**
 * @typedef {object} Quota
 * @property {string} name
 * @property {number} limit how many units at once
 * @property {number} remaining
 * @property {number | undefined} windowMs in which `limit` units come back; `undefined` where the policy is not known
 * @property {number} resetMs until all of them are there
 * @property {number} moreMs until there is more than now
 */

/** @typedef {import('./policies').Checked} Policy */
/** @typedef {import('../../index').RateLimitResult & { name?: string }} Result */

/**
 * @param {import('../../index').RateLimitResult & { policies?: Result[] }} decision
 * @param {readonly Policy[]} policies as they were given to the limiter
 * @returns {Quota[]} in the order of the policies
 */
function quotasOf(decision, policies) {
  const results = decision.policies ?? [decision]
  return results.map((result, i) => quotaOf(result, policies[i]))
}

/**
 * @param {Result} result
 * @param {Policy | undefined} policy
 * @returns {Quota}
 */
function quotaOf(result, policy) {
  const windowMs = policy && windowOf(policy)
  const resetMs = result.resetAfterMs
  return {
    name: result.name ?? policy?.name ?? 'default',
    limit: result.limit,
    remaining: Math.max(0, Math.floor(result.remaining)),
    windowMs,
    resetMs,
    moreMs: untilMore(result, policy, windowMs, resetMs),
  }
}

/**
 * What is given at once and the time in which it comes back make one pair, so that a client which keeps to them keeps to the rate: 60 a minute
 * with a burst of 5 are 5 in 5 s.
 * @param {Policy} policy
 */
function windowOf(policy) {
  const { limit, burst = limit, period } = policy
  return isDrained(policy) && limit > 0 ? (period * burst) / limit : period
}

/**
 * @param {Result} result
 * @param {Policy | undefined} policy
 * @param {number | undefined} windowMs
 * @param {number} resetMs
 */
function untilMore(result, policy, windowMs, resetMs) {
  const { allowed, limit, remaining, retryAfterMs } = result
  if (!allowed && Number.isFinite(retryAfterMs)) return retryAfterMs
  if (remaining >= limit) return 0
  if (policy === undefined || windowMs === undefined || !isDrained(policy)) return resetMs
  // One unit comes each `windowMs / limit`, and at `resetMs` the last one.
  return Math.max(0, resetMs - ((limit - remaining - 1) * windowMs) / limit)
}

module.exports = { quotasOf, windowOf }
