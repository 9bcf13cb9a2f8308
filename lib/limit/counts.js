'use strict'

// Counts of hits without a limit, for whoever decides by himself.

const binding = require('../native')
const { typeError, kindOf } = require('../errors')
const { Redis, realmOf } = require('../redis')
const { callWithin } = require('./call')
const { numbersOf } = require('./plan')

/** By this a limiter gives counts over its own client: `limiter[COUNTS](prefix, timeoutMs)`. */
const COUNTS = Symbol('counts')

/** @typedef {{ total: number, resetMs: number }} Counted */

class Counts {
  #redis
  #prefix
  #timeoutMs
  /** @type {import('../../binding').NativeRateLimiter | null} */
  #native = null

  /**
   * @param {any} source a `RateLimiter` or a `Redis`
   * @param {string} prefix
   * @param {number} timeoutMs
   * @returns {Counts}
   */
  static of(source, prefix, timeoutMs) {
    if (typeof source?.[COUNTS] === 'function') return source[COUNTS](prefix, timeoutMs)
    if (!(source instanceof Redis)) throw typeError(`limiter must be a RateLimiter or a Redis, got ${kindOf(source)}`)
    return new Counts(source, prefix, timeoutMs)
  }

  /**
   * @param {Redis} redis
   * @param {string} prefix what stands before each key, as it is
   * @param {number} timeoutMs of each call
   */
  constructor(redis, prefix, timeoutMs) {
    this.#redis = redis
    this.#prefix = prefix
    this.#timeoutMs = timeoutMs
  }

  /**
   * One step. A window begins with the first hit, and its end is set with it. Negative units never lead below 0, and a key that is absent stays so.
   * @param {string} key
   * @param {number} units
   * @param {number} windowMs
   * @returns {Promise<Counted>}
   */
  async add(key, units, windowMs) {
    return (await this.#count(key, units, windowMs)) ?? { total: 0, resetMs: windowMs }
  }

  /**
   * @param {string} key
   * @param {number} windowMs
   */
  look(key, windowMs) {
    return this.#count(key, 0, windowMs)
  }

  /**
   * @param {string} key
   * @returns {Promise<void>}
   */
  forget(key) {
    return this.#call((native, ticket) => native.forgetCount(ticket, this.#prefix + key))
  }

  /**
   * All keys of the prefix.
   * @returns {Promise<void>}
   */
  forgetAll() {
    return this.#call((native, ticket) => native.forgetCounts(ticket, this.#prefix))
  }

  /**
   * @param {string} key
   * @param {number} units
   * @param {number} windowMs
   * @returns {Promise<Counted | null>}
   */
  #count(key, units, windowMs) {
    return this.#call((native, ticket) => native.count(ticket, this.#prefix + key, units, windowMs), counted)
  }

  /**
   * @param {(native: import('../../binding').NativeRateLimiter, ticket: number) => number} submit
   * @param {import('../calls').Decode} [decode]
   */
  #call(submit, decode) {
    return callWithin(this.#redis, this.#timeoutMs, (redis, ticket) => submit((this.#native ??= this.#on(redis)), ticket), decode ?? null)
  }

  /** @param {import('../../binding').NativeRedis} redis */
  #on(redis) {
    return new binding.NativeRateLimiter(redis, realmOf(this.#redis), this.#prefix, this.#timeoutMs)
  }
}

/** @param {Uint8Array} bytes */
function counted(bytes) {
  const [total, resetMs] = numbersOf(bytes)
  return total < 0 ? null : { total, resetMs }
}

module.exports = { Counts, COUNTS }
