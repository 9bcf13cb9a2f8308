'use strict'

// The error family: what comes from a server or from the way to it, and what is wrong with arguments.

const RETRYABLE = new Set(['ERR_TIMEOUT', 'ERR_UNAVAILABLE', 'ERR_CIRCUIT_OPEN', 'ERR_BUSY'])

class RedwrightError extends Error {
  /**
   * @param {import('../index').RedwrightErrorCode} code
   * @param {string} message
   * @param {import('../index').RedwrightErrorDetails} [details]
   */
  constructor(code, message, details = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = code
    this.retryable = details.retryable ?? RETRYABLE.has(code)
    this.maybeExecuted = details.maybeExecuted ?? false
    if (details.serverCode) this.serverCode = details.serverCode
    if (details.reason) this.reason = details.reason
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs
  }
}
Object.defineProperty(RedwrightError.prototype, 'name', { value: 'RedwrightError', configurable: true, writable: true })

/**
 * What the bridge says of a failure: `[code, message, retryable, maybeExecuted, serverCode]`.
 * @param {any} fields
 */
function fromNative(fields) {
  const [code, message, retryable, maybeExecuted, serverCode] = fields
  return new RedwrightError(code, message, { retryable, maybeExecuted, serverCode })
}

/** @param {string} message */
function typeError(message) {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG' })
}

/** @param {string} message */
function rangeError(message) {
  return Object.assign(new RangeError(message), { code: 'ERR_INVALID_ARG' })
}

/**
 * How a wrong value is named in a message: by its kind, never by its content.
 * @param {unknown} value
 */
function kindOf(value) {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (Number.isNaN(value)) return 'NaN'
  // The name comes from the prototype: an own `constructor` is content.
  if (typeof value === 'object') return `an instance of ${Object.getPrototypeOf(value)?.constructor?.name || 'Object'}`
  return value === undefined ? 'undefined' : `a ${typeof value}`
}

/**
 * As `kindOf`, where only some words are taken.
 * @param {unknown} value
 */
function kindOfWord(value) {
  return typeof value === 'string' ? 'another string' : kindOf(value)
}

module.exports = { RedwrightError, fromNative, typeError, rangeError, kindOf, kindOfWord }
