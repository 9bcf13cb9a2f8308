'use strict'

// Requests that shall not count once it is known how they ended: their units are given back.

const { notice } = require('./notice')

/**
 * Calls back once when a response has been sent or its connection has closed, whichever comes first, and at once where that has happened.
 * @param {any} res
 * @param {() => void} over
 */
function whenOver(res, over) {
  let isOver = false
  const end = () => {
    if (isOver) return
    isOver = true
    res.removeListener('finish', end)
    res.removeListener('close', end)
    over()
  }
  if (res.writableFinished || res.destroyed) return end()
  res.once('finish', end)
  res.once('close', end)
}

/**
 * @typedef {object} Counted
 * @property {import('../../index').RateLimiter} limiter
 * @property {string} key
 * @property {import('./policies').Checked[]} policies
 * @property {number} cost
 * @property {import('../../index').RateLimitDecision} decision
 */

/**
 * @param {any} req
 * @param {any} res
 * @param {{ skipFailed: boolean, skipSuccessful: boolean, wasSuccessful: (req: any, res: any) => unknown }} plan
 * @param {Counted} counted
 */
function refundAfter(req, res, plan, counted) {
  const since = performance.now()
  whenOver(res, () => {
    void settle(req, res, plan, counted, since).catch(() => {
      notice('refund', 'Rate limit: units could not be given back, because requestWasSuccessful or the limiter failed')
    })
  })
}

/**
 * @param {any} req
 * @param {any} res
 * @param {{ skipFailed: boolean, skipSuccessful: boolean, wasSuccessful: (req: any, res: any) => unknown }} plan
 * @param {Counted} counted
 * @param {number} since
 */
async function settle(req, res, { skipFailed, skipSuccessful, wasSuccessful }, { limiter, key, policies, cost, decision }, since) {
  // A response that was cut off before its end is no success, whatever its status.
  const isSuccess = res.writableEnded && Boolean(await wasSuccessful(req, res))
  if (!(isSuccess ? skipSuccessful : skipFailed)) return
  const elapsed = performance.now() - since
  // What was counted in a window that is over is forgotten, and the next one owes nothing. Nor does a limit that counted nothing.
  const open = policies.filter((policy, i) => (policy.algorithm !== 'fixedWindow' && !decision.degraded) || elapsed < decision.policies[i].resetAfterMs)
  if (open.length > 0) await limiter.refund(key, open, cost)
}

module.exports = { refundAfter }
