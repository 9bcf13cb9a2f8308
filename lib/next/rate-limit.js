'use strict'

// A limit in a route handler.

const check = require('../check')
const { typeError, kindOf } = require('../errors')
const { givenKey, keyOf } = require('../express/client-key')
const { formatsOf, headersOf } = require('../express/headers')
const { policiesOf } = require('../express/policies')
const { problemOf } = require('../express/problem')
const { RateLimiter } = require('../rate-limiter')

const KNOWN = /** @type {const} */ (['key', 'trustedProxies', 'headers', 'cost', 'response'])
const MOST_PROXIES = 16
/** What a provider gives to one household. */
const SUBNET = 56
const STATUS = 429
const UNIT = 'requests'

/**
 * @param {any} request
 * @param {unknown} limiter
 * @param {any} policies
 * @param {any} options
 * @returns {Promise<Response | undefined>}
 */
async function rateLimit(request, limiter, policies, options) {
  if (!(limiter instanceof RateLimiter)) throw typeError(`limiter must be a RateLimiter, got ${kindOf(limiter)}`)
  const { key, trustedProxies, headers, cost, response } = check.options(options, 'options', KNOWN)
  const checked = policiesOf(policies, 'policies')
  const formats = formatsOf(headers)
  const who = await whoIs(request, key, trustedProxies)
  const decision = await limiter.check(who, checked, cost === undefined ? undefined : { cost })
  const fields = headersOf(decision, checked, formats, UNIT)
  if (response !== undefined) for (const [name, value] of Object.entries(fields)) response.setHeader(name, value)
  if (decision.allowed) return undefined
  const body = JSON.stringify(problemOf(decision, STATUS))
  // RFC 6585 section 4: caches must not keep it.
  const said = { ...fields, 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' }
  if (response !== undefined) answer(response, said, body)
  return new Response(body, { status: STATUS, headers: said })
}

/**
 * @param {any} request
 * @param {any} key
 * @param {unknown} trustedProxies
 */
async function whoIs(request, key, trustedProxies) {
  if (key !== undefined) return givenKey(typeof key === 'function' ? await key(request) : key)
  if (trustedProxies === undefined) {
    throw typeError('one of options.key and options.trustedProxies is needed: a route handler is not told who is on the other end, and anybody may write X-Forwarded-For')
  }
  const proxies = check.integer(trustedProxies, 'options.trustedProxies', 1, MOST_PROXIES)
  const field = typeof request.headers?.get === 'function' ? request.headers.get('x-forwarded-for') : request.headers?.['x-forwarded-for']
  const seen = String(field ?? '').split(',')
  // Each proxy adds whom it has seen, the outermost first; what stands before that is the client's word.
  return keyOf(seen.at(-proxies) ?? '', SUBNET)
}

/**
 * @param {any} response
 * @param {Record<string, string>} headers
 * @param {string} body
 */
function answer(response, headers, body) {
  response.statusCode = STATUS
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  response.end(body)
}

module.exports = { rateLimit }
