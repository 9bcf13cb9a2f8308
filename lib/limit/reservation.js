'use strict'

// Units that were taken for what is not known yet.

const check = require('../check')
const { RedwrightError } = require('../errors')
const { once } = require('./call')
const { numbersOf } = require('./plan')
const { MOST } = require('./policy')
const { resultOf } = require('./results')

/**
 * @param {import('./decider').Decider} decider
 * @param {import('./policies').PolicySet} set
 * @param {string} key
 * @param {number} estimate
 * @param {{ id: string, leaseMs: number }} terms
 */
async function reserve(decider, set, key, estimate, { id, leaseMs }) {
  const { numbers, names } = set
  // What can never pass is not asked for.
  if (estimate > set.most) return reservation(await decider.decide(set, key, estimate), null)
  decider.uses(set)
  /** @param {Uint8Array} bytes */
  const answered = (bytes) => {
    const told = numbersOf(bytes)
    return decider.counted(resultOf(set, told, 1, told[0], false), estimate)
  }
  // What may have been reserved is found again by whoever tries again, and counts there.
  const outcome = once(answered, (error) => decider.decideWithout(set, key, estimate, !(error instanceof RedwrightError && error.maybeExecuted)))
  const result = await decider.call((native, ticket) => native.reserve(ticket, key, id, estimate, leaseMs, numbers, names), outcome).catch(outcome.recover)
  const settles = result.allowed && !result.degraded
  return reservation(result, settles ? (actual) => decider.call((native, ticket) => native.settle(ticket, key, id, actual, numbers, names), isOne) : null)
}

/** @param {Uint8Array} bytes */
function isOne(bytes) {
  return numbersOf(bytes)[0] === 1
}

/**
 * @param {import('./results').Result} result
 * @param {((actual: number) => Promise<boolean>) | null} correct
 */
function reservation(result, correct) {
  let isSettled = false
  /** @param {number} actual */
  const settle = async (actual) => {
    check.integer(actual, 'actual', 0, MOST)
    if (isSettled || correct === null) return false
    isSettled = true
    try {
      return await correct(actual)
    } catch {
      // The estimate stands, unless it was corrected, which nobody can say. Called again it counts once.
      isSettled = false
      return false
    }
  }
  return { ...result, settle, cancel: () => settle(0) }
}

module.exports = { reserve }
