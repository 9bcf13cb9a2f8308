'use strict'

// `rateLimitMiddleware`: one decision a request. It asks for nothing but the request and response of `node:http`.

const { typeError, kindOf } = require('../errors')
const { givenKey, keyOf } = require('./client-key')
const { countOnce } = require('./counted-twice')
const { headersOf } = require('./headers')
const { planOf } = require('./options')
const { problemOf } = require('./problem')
const { refundAfter } = require('./refund')
const { TrustProxyCheck } = require('./trust-proxy')

/** @typedef {import('../../index').RateLimiter} RateLimiter */

/**
 * @param {RateLimiter} limiter
 * @param {any} options
 */
function rateLimitMiddleware(limiter, options) {
  for (const method of ['check', 'refund']) {
    if (typeof (/** @type {any} */ (limiter)?.[method]) !== 'function') throw typeError(`limiter must be a RateLimiter, got ${kindOf(limiter)}`)
  }
  const gate = new Gate(limiter, planOf(options))
  /**
   * Gives no promise: what fails is told by `next`, and so once.
   * @param {any} req
   * @param {any} res
   * @param {(error?: any) => void} next
   */
  return function rateLimit(req, res, next) {
    let isOver = false
    const once = (/** @type {unknown} */ error) => {
      if (isOver) return
      isOver = true
      if (error === undefined) next()
      else next(error)
    }
    void gate.pass(req, res, once).then(
      (passes) => passes && once(undefined),
      (error) => once(asError(error)),
    )
  }
}

class Gate {
  #limiter
  #plan
  /** @type {TrustProxyCheck | undefined} */
  #trustProxy

  /**
   * @param {RateLimiter} limiter
   * @param {ReturnType<typeof planOf>} plan
   */
  constructor(limiter, plan) {
    this.#limiter = limiter
    this.#plan = plan
    if (plan.trustProxyCheck) this.#trustProxy = new TrustProxyCheck(plan.subnet)
  }

  /**
   * Whether the request goes on. Where not, it has been answered, or `onLimited` sees to it.
   * @param {any} req
   * @param {any} res
   * @param {(error?: unknown) => void} next
   * @returns {Promise<boolean>}
   */
  async pass(req, res, next) {
    const plan = this.#plan
    if (plan.skip !== undefined && (await plan.skip(req, res))) return true
    const key = plan.prefix + (plan.keyGenerator === undefined ? this.#addressKey(req) : givenKey(await plan.keyGenerator(req, res)))
    const policies = await plan.policies(req, res)
    const cost = await plan.cost(req, res)
    countOnce(req, this.#limiter, key, policies)
    const decision = await this.#limiter.check(key, policies, { cost })
    write(res, headersOf(decision, policies, plan.formats, plan.unit))
    if (decision.allowed) {
      if (plan.skipFailed || plan.skipSuccessful) refundAfter(req, res, plan, { limiter: this.#limiter, key, policies, cost, decision })
      return true
    }
    if (plan.onLimited === undefined) answer(res, decision, decision.degraded ? plan.degradedStatus : plan.status)
    else await plan.onLimited(req, res, next, decision)
    return false
  }

  /** @param {any} req */
  #addressKey(req) {
    const key = keyOf(req, this.#plan.subnet)
    this.#trustProxy?.look(req, key)
    return key
  }
}

/**
 * @param {any} res
 * @param {Record<string, string>} headers
 */
function write(res, headers) {
  if (res.headersSent) return
  for (const [name, value] of Object.entries(headers)) {
    const before = res.getHeader(name)
    // A list of policies, to which another middleware has put its own.
    const isList = value.startsWith('"') && typeof before === 'string' && before.startsWith('"')
    res.setHeader(name, isList ? `${before}, ${value}` : value)
  }
}

/**
 * @param {any} res
 * @param {import('../../index').RateLimitDecision} decision
 * @param {number} status
 */
function answer(res, decision, status) {
  if (res.headersSent) {
    // Too late to refuse in words, and the request must not hang.
    if (!res.writableEnded) res.destroy()
    return
  }
  const body = JSON.stringify(problemOf(decision, status))
  res.statusCode = status
  res.setHeader('Content-Type', 'application/problem+json')
  res.setHeader('Content-Length', String(Buffer.byteLength(body)))
  // RFC 6585 section 4: caches must not keep it.
  res.setHeader('Cache-Control', 'no-store')
  res.end(body)
}

/**
 * Nothing that is thrown lets a request pass: Express takes `undefined` for no error, and 'route' for a way on.
 * @param {unknown} thrown
 */
function asError(thrown) {
  return typeof thrown === 'object' && thrown !== null ? thrown : new Error('an option of rateLimitMiddleware threw what is no Error', { cause: thrown })
}

module.exports = { rateLimitMiddleware }
