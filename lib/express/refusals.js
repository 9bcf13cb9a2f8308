'use strict'

// Why a response is not stored, and what that says to others who ask for the page.

const { valueOf } = require('../http/fields')
const { PASS_ERROR_MS, PASS_MS, PASS_RECORD, lifeOf } = require('../http/making')
const { credentialsOf } = require('./credentials')
const { NOTHING, outcome } = require('./keep')

/** What is refused for the request, and not for what it was answered. */
const OF_REQUEST = new Set(['request-no-store', 'authorization', 'cookie', 'partial', 'method'])

/**
 * The `detail` of `Cache-Status`; `null` for what is stored.
 * @param {import('./exchange').Exchange} exchange
 * @param {readonly string[]} fields of the response
 * @param {import('../http/policy').Terms} terms
 * @returns {string | null}
 */
function refusalOf(exchange, fields, terms) {
  if (!terms.storable) return terms.reason
  const { req, res, door } = exchange
  const { plan } = door
  // Who it is may have been found out behind us.
  const credentials = exchange.credentials ?? credentialsOf(req, plan)
  if (credentials !== null && !terms.open && !(credentials === 'cookie' && terms.explicit)) return credentials
  if (lifeOf(terms, plan.mode === 'http') <= 0) return 'no-freshness'
  if (Number(valueOf(fields, 'content-length') ?? 0) > plan.maxBody) return 'too-large'
  // It is not meant to end.
  if (/^text\/event-stream/i.test(valueOf(fields, 'content-type') ?? '')) return 'stream'
  try {
    exchange.tags = door.tagsOf(req, res)
  } catch (error) {
    door.failed(error)
    return 'tags'
  }
  return null
}

/**
 * What others are told. Nothing, where it was refused for who asked or how, or where what is there still serves; else that nobody shall wait for the next.
 * @param {import('./exchange').Exchange} exchange
 * @param {string} detail
 * @param {number} status
 * @param {import('../http/record').Stored | null} seen
 */
function passOf(exchange, detail, status, seen) {
  const { door, key, credentials, isPartial } = exchange
  if (credentials !== null) door.cache.personal.set(key, true)
  const isError = status >= 400
  if (credentials !== null || isPartial || OF_REQUEST.has(detail) || (isError && seen !== null)) return NOTHING
  return outcome(PASS_RECORD, isError ? PASS_ERROR_MS : PASS_MS)
}

module.exports = { passOf, refusalOf }
