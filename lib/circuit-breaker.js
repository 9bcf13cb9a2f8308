'use strict'

// `CircuitBreaker`: the public class. When it opens and closes is decided in `src/breaker/policy.rs`.

const { EventEmitter } = require('node:events')
const { NativeCircuitBreaker } = require('./native')
const { KNOWN, DEFAULTS, MOST, REFUSED, toNative } = require('./breaker-options')
const check = require('./check')
const { typeError } = require('./errors')

const OPEN_MS = 30_000

/** @typedef {import('../index').CircuitBreakerOptions & { isFailure?: (error: unknown) => boolean }} Options */
/** @type {Options} */
const NONE = {}

class CircuitBreaker extends EventEmitter {
  #native
  #isFailure

  /**
   * @param {number | Options} [threshold]
   * @param {import('../index').Duration} [timeoutMs]
   */
  constructor(threshold, timeoutMs) {
    super()
    const { isFailure } = typeof threshold === 'object' ? check.options(threshold, 'options', [...KNOWN, 'isFailure']) : NONE
    if (isFailure !== undefined) check.callable(isFailure, 'options.isFailure')
    this.#isFailure = isFailure
    this.#native = new NativeCircuitBreaker(policy(threshold, timeoutMs))
  }

  get state() {
    return /** @type {import('../index').CircuitBreakerState} */ (this.#native.state(performance.now()))
  }

  /** @param {() => any} operation */
  async execute(operation) {
    check.callable(operation, 'operation')
    const permit = this.#native.permit(performance.now())
    if (permit === REFUSED) return null
    if (permit % 2 === 1) this.#tell('halfOpen')
    let value
    try {
      value = await operation()
    } catch (error) {
      this.#settle(permit, this.#counts(error), error)
      throw error
    }
    this.#settle(permit, false)
    return value
  }

  /** @param {unknown} error */
  #counts(error) {
    try {
      return this.#isFailure === undefined || Boolean(this.#isFailure(error))
    } catch {
      // The caller is owed the operation's own error.
      return true
    }
  }

  /**
   * @param {number} permit
   * @param {boolean} failed
   * @param {unknown} [error]
   */
  #settle(permit, failed, error) {
    const turned = this.#native.settle(permit, failed, performance.now())
    if (turned === 'open') this.#tell('open', error)
    else if (turned === 'closed') this.#tell('close')
  }

  /**
   * @param {string} event
   * @param {...unknown} args
   */
  #tell(event, ...args) {
    // A listener that throws is no failure of the operation.
    queueMicrotask(() => this.emit(event, ...args))
  }
}

/**
 * What the native core takes.
 * @param {unknown} threshold or all options
 * @param {unknown} timeoutMs
 */
function policy(threshold, timeoutMs) {
  if (typeof threshold === 'object' && threshold !== null) {
    if (timeoutMs !== undefined) throw typeError('timeoutMs goes into the options, as openMs')
    return toNative(threshold, 'options', OPEN_MS)
  }
  const openMs = timeoutMs === undefined ? OPEN_MS : check.duration(timeoutMs, 'timeoutMs')
  return toNative({ threshold: check.integer(threshold ?? DEFAULTS.threshold, 'threshold', 1, MOST) }, 'options', openMs)
}

module.exports = { CircuitBreaker }
