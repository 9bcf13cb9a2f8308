'use strict'

// Reads of patterns that know their values: what becomes of one that is there.

/** @typedef {import('./cache-arguments').Plan} Plan */
/** @typedef {ReturnType<import('./loader').Context['decide']>} Decision */

/**
 * What a pattern that knows its values makes of one that is there: it is given; or given, and loaded again behind that; or replaced before anything is
 * given; or the same, and nobody waits while another loads.
 */
const VERDICT = /** @type {const} */ ({ USE: 0, REFRESH: 1, REPLACE: 2, REPLACE_ALONE: 3 })
/** @typedef {0 | 1 | 2 | 3} Verdict */

/**
 * How such a pattern reads: `judge` says what becomes of a value. `ahead` is called when a load is about to be stored, and stores other entries before it by `keep`, on
 * the same epoch; where it gives `false`, the load is not stored. `answered` is told when the store has answered the read. Callers with the same `terms` share.
 * @typedef {Plan & {
 *   terms: object,
 *   judge: (value: any) => Verdict,
 *   answered?: () => void,
 *   ahead?: (keep: (key: string, value: unknown, decision: NonNullable<Decision>) => Promise<boolean>) => Promise<boolean>,
 * }} JudgedPlan
 */

/**
 * Whether a value that is there is given.
 * @param {Plan & Partial<JudgedPlan>} plan
 * @param {any} value
 */
function isUsable(plan, value) {
  return plan.judge === undefined || plan.judge(value) <= VERDICT.REFRESH
}

module.exports = { VERDICT, isUsable }
