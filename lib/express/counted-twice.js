'use strict'

// One request that is counted twice for one limit, because two middlewares mean the same counts: half of the limit would be left.

const { notice } = require('./notice')

/** @type {WeakMap<object, Map<object, Set<string>>>} */
const counted = new WeakMap()

/**
 * @param {object} req
 * @param {object} limiter
 * @param {string} key
 * @param {readonly import('./policies').Checked[]} policies
 */
function countOnce(req, limiter, key, policies) {
  const byLimiter = counted.get(req) ?? new Map()
  counted.set(req, byLimiter)
  const seen = byLimiter.get(limiter) ?? new Set()
  byLimiter.set(limiter, seen)
  for (const { name, period, algorithm = 'gcra' } of policies) {
    const id = `${algorithm} ${name ?? period} ${key}`
    if (seen.has(id)) {
      notice('countedTwice', 'Rate limit: a request was counted twice for one limit, by two middlewares whose policies have the same name; give each a name of its own')
    }
    seen.add(id)
  }
}

module.exports = { countOnce }
