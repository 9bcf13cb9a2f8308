'use strict'

// Whether a request says who sent it. What was answered to one person is not for others, unless the answer says so.

/**
 * `'authorization'` and `'cookie'` are what `Cache-Status` tells; `null` for nobody.
 * @typedef {'authorization' | 'cookie' | null} Credentials
 */

/**
 * A key generator has the say about identities of its own, but not about `Authorization`, of which RFC 9111 section 3.5 says who has.
 * @param {any} req
 * @param {{ keyedVary: readonly string[], keyGenerator: unknown, ignoreCookies: boolean }} plan
 * @returns {Credentials}
 */
function credentialsOf(req, { keyedVary, keyGenerator, ignoreCookies }) {
  const { headers } = req
  if (headers.authorization !== undefined && !keyedVary.includes('authorization')) return 'authorization'
  if (keyGenerator !== undefined) return null
  // As passport and others leave it.
  if ((req.user ?? req.auth ?? null) !== null) return 'authorization'
  if (headers.cookie !== undefined && !ignoreCookies && !keyedVary.includes('cookie')) return 'cookie'
  return null
}

/**
 * Whether a stored response may be given to such a request. In mode `http` what says itself how long it is fresh is for everybody: else it was not stored.
 * @param {import('../http/record').Stored} stored
 * @param {Credentials} credentials
 * @param {'ttl' | 'http'} mode
 */
function mayHave(stored, credentials, mode) {
  if (credentials === null || stored.isOpen) return true
  return stored.isExplicit && (credentials === 'cookie' || mode === 'http')
}

module.exports = { credentialsOf, mayHave }
