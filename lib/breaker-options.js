'use strict'

// When a circuit opens: options of `CircuitBreaker` and of a client, checked.

const check = require('./check')
const { typeError, rangeError, kindOf } = require('./errors')

const KNOWN = /** @type {const} */ (['threshold', 'errorRate', 'windowMs', 'minimumCalls', 'openMs'])

const DEFAULTS = { threshold: 5, windowMs: 10_000, minimumCalls: 20 }
const MOST = 1_000_000

/** The permit of who may not go on, as in `src/breaker/native.rs`. */
const REFUSED = 0xffffffff

/** What stands for none. */
const NONE = 0

/**
 * @param {unknown} value
 * @param {string} name
 */
function share(value, name) {
  if (typeof value !== 'number') throw typeError(`${name} must be a number, got ${kindOf(value)}`)
  if (!(value > 0 && value <= 1)) throw rangeError(`${name} must be above 0 and at most 1, got ${value}`)
  return value
}

/**
 * What the native core takes.
 * @param {import('../index').CircuitBreakerOptions} given whose keys are known
 * @param {string} name of the options, for messages
 * @param {number} openMs where it is not given
 * @returns {import('../binding').NativeBreakerOptions}
 */
function toNative(given, name, openMs) {
  const { errorRate, windowMs = DEFAULTS.windowMs, minimumCalls = DEFAULTS.minimumCalls } = given
  // Whoever asks for a rate wants a run of bad luck to be part of it.
  const { threshold = errorRate === undefined ? DEFAULTS.threshold : undefined } = given
  return {
    threshold: threshold === undefined ? NONE : check.integer(threshold, `${name}.threshold`, 1, MOST),
    errorRate: errorRate === undefined ? NONE : share(errorRate, `${name}.errorRate`),
    window: check.duration(windowMs, `${name}.windowMs`),
    minimumCalls: check.integer(minimumCalls, `${name}.minimumCalls`, 1, MOST),
    open: check.duration(given.openMs ?? openMs, `${name}.openMs`),
  }
}

/** A link that is ready again closes the circuit at once; this is for a server that hangs behind a link that stands. */
const OPEN_MS = 1000

/**
 * The breaker of a client; `undefined` for none.
 * @param {unknown} breaker
 */
function ofClient(breaker) {
  if (breaker === false) return undefined
  if (breaker !== undefined && breaker !== true && (typeof breaker !== 'object' || breaker === null)) {
    throw typeError(`options.breaker must be a boolean or an object, got ${kindOf(breaker)}`)
  }
  const given = check.options(breaker === true ? undefined : breaker, 'options.breaker', KNOWN)
  return toNative(given, 'options.breaker', OPEN_MS)
}

module.exports = { KNOWN, DEFAULTS, MOST, REFUSED, toNative, ofClient }
