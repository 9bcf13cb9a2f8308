'use strict'

// `RateLimiter`: the public class. Arguments are checked here; `lib/limit/` decides.

const { randomUUID } = require('node:crypto')
const check = require('./check')
const { rangeError } = require('./errors')
const { Counts, COUNTS } = require('./limit/counts')
const { Decider } = require('./limit/decider')
const { numbersOf } = require('./limit/plan')
const { Policies } = require('./limit/policies')
const { cost, MOST } = require('./limit/policy')
const { reserve } = require('./limit/reservation')
const { resultOf } = require('./limit/results')
const { Slots } = require('./limit/slots')
const { register } = require('./registry')

const OPTIONS = ['name', 'prefix', 'timeoutMs', 'onUnavailable', 'instances']
const UNAVAILABLE = /** @type {const} */ (['allow', 'deny', 'local'])
const TIMEOUT_MS = 100
const RESERVED_MS = 600_000
const PLACE_MS = 30_000
const MOST_INSTANCES = 10_000
/** The longest id of a reservation. */
const LONGEST_ID = 256

class RateLimiter {
  #redis
  #decider
  #slots
  #policies = new Policies()

  /**
   * @param {import('./redis').Redis} redis
   * @param {import('../index').RateLimiterOptions} [options]
   */
  constructor(redis, options) {
    const { prefix = 'limit', name = prefix, timeoutMs = TIMEOUT_MS, onUnavailable = 'local', instances = 1 } = check.options(options, 'options', OPTIONS)
    check.key(prefix, 'options.prefix')
    check.key(name, 'options.name')
    check.oneOf(onUnavailable, 'options.onUnavailable', UNAVAILABLE)
    this.#redis = redis
    this.#decider = new Decider(redis, {
      prefix,
      timeoutMs: check.duration(timeoutMs, 'options.timeoutMs'),
      onUnavailable,
      instances: check.integer(instances, 'options.instances', 1, MOST_INSTANCES),
    })
    this.#slots = new Slots(this.#decider)
    const { counts } = this.#decider
    register('limiter', name, this, () => counts)
  }

  /**
   * @param {string} key
   * @param {number} limit
   * @param {import('../index').Duration} windowSeconds
   * @param {import('../index').CheckOptions} [options]
   */
  fixedWindow(key, limit, windowSeconds, options) {
    return this.#decide(key, () => this.#policies.fixedWindow(limit, windowSeconds), options)
  }

  /**
   * @param {string} key
   * @param {number} limit
   * @param {import('../index').Duration} windowSeconds
   * @param {import('../index').CheckOptions} [options]
   */
  slidingWindow(key, limit, windowSeconds, options) {
    return this.#decide(key, () => this.#policies.slidingWindow(limit, windowSeconds), options)
  }

  /**
   * @param {string} key
   * @param {number} bucketSize
   * @param {number} refillRate
   * @param {number} [tokensNeeded]
   */
  async tokenBucket(key, bucketSize, refillRate, tokensNeeded = 1) {
    check.key(key)
    return this.#decider.decide(this.#policies.tokenBucket(bucketSize, refillRate), key, cost(tokensNeeded, 'tokensNeeded'))
  }

  /**
   * @param {string} key
   * @param {{ limit: number, period: import('../index').Duration, burst?: number, cost?: number }} options
   */
  async gcra(key, options) {
    check.key(key)
    const set = this.#policies.gcra(options)
    return this.#decider.decide(set, key, options.cost === undefined ? 1 : cost(options.cost, 'options.cost'))
  }

  /**
   * @param {string} key
   * @param {any} policies
   * @param {import('../index').CheckOptions} [options]
   */
  check(key, policies, options) {
    return this.#decide(key, () => this.#policies.listed(policies), options)
  }

  /**
   * @param {string} key
   * @param {any} policies
   * @param {import('../index').CheckOptions} [options]
   */
  async peek(key, policies, options) {
    check.key(key)
    return this.#decider.decide(this.#policies.listed(policies), key, -costOf(options))
  }

  /**
   * @param {string} key
   * @param {any} policies
   * @param {number} [units]
   */
  async refund(key, policies, units = 1) {
    return this.#apply(key, policies, -cost(units, 'units'))
  }

  /**
   * @param {string} key
   * @param {any} policies
   * @param {number} [units]
   */
  async penalize(key, policies, units = 1) {
    return this.#apply(key, policies, cost(units, 'units'))
  }

  /**
   * @param {string} key
   * @param {import('../index').Duration} duration
   */
  async block(key, duration) {
    check.key(key)
    const ms = check.span(duration, 'duration', 1)
    await this.#decider.call((native, ticket) => native.block(ticket, key, ms))
  }

  /** @param {string} key */
  async reset(key) {
    check.key(key)
    await this.#decider.call((native, ticket) => native.reset(ticket, key, this.#decider.names))
  }

  /**
   * @param {string} key
   * @param {any} policies
   * @param {number} estimate
   * @param {import('../index').ReserveOptions} [options]
   */
  async reserve(key, policies, estimate, options) {
    check.key(key)
    const { idempotencyKey = randomUUID(), leaseMs = RESERVED_MS } = check.options(options, 'options', ['idempotencyKey', 'leaseMs'])
    check.key(idempotencyKey, 'options.idempotencyKey')
    if (idempotencyKey.length > LONGEST_ID) throw rangeError(`options.idempotencyKey must be at most ${LONGEST_ID} characters, got ${idempotencyKey.length}`)
    const terms = { id: idempotencyKey, leaseMs: check.span(leaseMs, 'options.leaseMs', 1) }
    return reserve(this.#decider, this.#policies.listed(policies), key, cost(estimate, 'estimate'), terms)
  }

  /**
   * @param {string} key
   * @param {number} limit
   * @param {{ leaseMs?: import('../index').Duration }} [options]
   */
  async concurrency(key, limit, options) {
    check.key(key)
    const { leaseMs = PLACE_MS } = check.options(options, 'options', ['leaseMs'])
    return this.#slots.acquire(key, check.integer(limit, 'limit', 0, MOST), check.duration(leaseMs, 'options.leaseMs'))
  }

  /**
   * @param {string} prefix
   * @param {number} timeoutMs
   */
  [COUNTS](prefix, timeoutMs) {
    return new Counts(this.#redis, prefix, timeoutMs)
  }

  metrics() {
    return { ...this.#decider.counts }
  }

  /**
   * Not async: that would make a second promise of each decision.
   * @param {string} key
   * @param {() => import('./limit/policies').PolicySet} set
   * @param {import('../index').CheckOptions | undefined} options
   * @returns {Promise<any>}
   */
  #decide(key, set, options) {
    try {
      check.key(key)
      return this.#decider.decide(set(), key, costOf(options))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * @param {string} key
   * @param {any} policies
   * @param {number} units
   */
  async #apply(key, policies, units) {
    check.key(key)
    const set = this.#policies.listed(policies)
    const { numbers, names } = set
    this.#decider.uses(set)
    try {
      const bytes = await this.#decider.call((native, ticket) => native.apply(ticket, key, units, numbers, names))
      const told = numbersOf(bytes)
      return resultOf(set, told, 1, told[0], false)
    } catch {
      return this.#decider.applyWithout(set, key, units)
    }
  }
}

/** @param {import('../index').CheckOptions | undefined} options */
function costOf(options) {
  if (options === undefined) return 1
  const given = check.options(options, 'options', ['cost'])
  return given.cost === undefined ? 1 : cost(given.cost, 'options.cost')
}

module.exports = { RateLimiter }
