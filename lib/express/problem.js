'use strict'

// What a refused request is answered: a problem of RFC 9457, of a type of draft-ietf-httpapi-ratelimit-headers.

const { retryAfter } = require('./headers')

const TYPES = 'https://iana.org/assignments/http-problem-types#'

/**
 * A refusal without Redis says nothing of the client's quota, only that less can be given than usual.
 * @param {import('../../index').RateLimitDecision} decision
 * @param {number} status
 */
function problemOf(decision, status) {
  const { degraded, policies } = decision
  return {
    type: `${TYPES}${degraded ? 'temporary-reduced-capacity' : 'quota-exceeded'}`,
    title: degraded
      ? 'Request cannot be satisfied due to temporary server capacity constraints'
      : 'Request cannot be satisfied as assigned quota has been exceeded',
    status,
    detail: detailOf(decision),
    'violated-policies': policies.filter(({ allowed }) => !allowed).map(({ name }) => name),
  }
}

/** @param {import('../../index').RateLimitDecision} decision */
function detailOf(decision) {
  const wait = retryAfter(decision)
  if (wait === undefined) return 'This request asks for more than can ever be given.'
  return `Try again in ${wait} ${wait === 1 ? 'second' : 'seconds'}.`
}

module.exports = { problemOf }
