'use strict'

// Limits as options say them, checked when the middleware is made, so that a mistake shows at the start and not at the first request.

const { rangeError } = require('../errors')
const { checked } = require('../limit/policy')

/** @typedef {import('../limit/policy').Checked} Checked a policy whose period is in ms */

const MOST_POLICIES = 16

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {Checked[]}
 */
function policiesOf(value, name) {
  const list = Array.isArray(value) ? [...value] : [value]
  if (list.length < 1 || list.length > MOST_POLICIES) throw rangeError(`${name} must be 1 to ${MOST_POLICIES} policies, got ${list.length}`)
  return list.map((policy, i) => checked(policy, Array.isArray(value) ? `${name}[${i}]` : name))
}

module.exports = { policiesOf }
