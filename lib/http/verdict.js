'use strict'

// What becomes of a stored response when a request asks for it: arithmetic on what was told when it was stored.

const { VERDICT } = require('../judged')
const { judgeRequest } = require('./policy')
const { KIND } = require('./record')

/**
 * What of a request decides. Where it has directives of its own that are to be followed, `headers` has them.
 * @typedef {{ variant: string, headers: Record<string, any> | null, canRefreshBehind: boolean }} Wish
 */

/**
 * @param {import('./record').Stored | null} stored
 * @param {Wish} wish
 * @param {number} now
 * @returns {import('../judged').Verdict}
 */
function verdictOf(stored, wish, now) {
  if (stored === null) return VERDICT.REPLACE
  if (stored.kind === KIND.FORK) return VERDICT.USE
  if (stored.kind === KIND.PASS) return VERDICT.REPLACE_ALONE
  if (stored.variant !== wish.variant) return VERDICT.REPLACE
  if (wish.headers !== null) return asked(stored, wish, wish.headers, now)
  return byAge(stored, wish, now)
}

/**
 * @param {import('./record').Stored} stored
 * @param {Wish} wish
 * @param {number} now
 */
function byAge(stored, { canRefreshBehind }, now) {
  if (stored.noCache) return VERDICT.REPLACE
  const age = stored.ageAt(now)
  if (age < stored.freshMs) return VERDICT.USE
  return age < stored.freshMs + stored.swrMs && canRefreshBehind ? VERDICT.REFRESH : VERDICT.REPLACE
}

/**
 * @param {import('./record').Stored} stored
 * @param {Wish} wish
 * @param {Record<string, any>} headers
 * @param {number} now
 */
function asked(stored, wish, headers, now) {
  const { verdict } = judgeRequest({ requestHeaders: headers, terms: stored, storedAt: stored.storedAt, now })
  if (verdict === 'fresh' || verdict === 'stale-allowed') return VERDICT.USE
  return verdict === 'validate' ? VERDICT.REPLACE : byAge(stored, wish, now)
}

module.exports = { verdictOf }
