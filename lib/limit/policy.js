'use strict'

// One policy: as it is given, checked, and as it is counted.

const check = require('../check')
const { typeError, rangeError, kindOf, kindOfWord } = require('../errors')

const MOST = 2 ** 31
const LONGEST_PERIOD_MS = 366 * 86_400_000

/** @typedef {import('../../index').RateLimitAlgorithm} Algorithm */

/** As in `src/limit/policy`; what the key ends in begins with the letter. @type {Record<Algorithm, { kind: number, letter: string }>} */
const ALGORITHMS = {
  gcra: { kind: 3, letter: 'g' },
  tokenBucket: { kind: 3, letter: 'b' },
  fixedWindow: { kind: 0, letter: 'f' },
  slidingWindow: { kind: 1, letter: 'w' },
  slidingCounter: { kind: 2, letter: 'c' },
}
/** The longest that a burst may take to come back, in ms, as in `src/limit/lua/gcra.lua`. */
const LONGEST_BURST_MS = 2 ** 46
const GCRA = 3

const OPTIONS = ['name', 'limit', 'period', 'algorithm', 'burst']
const NAME = /^[A-Za-z][\w.-]{0,63}$/

/**
 * How units of a key are counted: `limit` is what can be there at once, `span` and `rate` are as `src/limit/policy` has them.
 * @typedef {{ name: string, suffix: string, limit: number, kind: number, span: number, rate: number, keepMs: number }} Policy
 */

/**
 * @param {number} a
 * @param {number} b
 * @returns {number}
 */
function commonDivisor(a, b) {
  return b === 0 ? a : commonDivisor(b, a % b)
}

/**
 * @param {Algorithm} algorithm
 * @param {string} name
 * @param {number} limit
 * @param {number} periodMs
 * @returns {Policy}
 */
function windowed(algorithm, name, limit, periodMs) {
  const { kind, letter } = ALGORITHMS[algorithm]
  return { name, suffix: `${letter}:${name}`, limit, kind, span: periodMs, rate: 1, keepMs: 2 * periodMs }
}

/**
 * `units` drain a `period`, and there may be `burst` at once.
 * @param {Algorithm} algorithm
 * @param {string} name
 * @param {number} units
 * @param {number} period in ms, or in a part of it: only the ratio counts
 * @param {number} burst
 * @param {string} where what a burst is called that would never come back
 * @returns {Policy}
 */
function drained(algorithm, name, units, period, burst, where) {
  const { kind, letter } = ALGORITHMS[algorithm]
  // A limit of 0 is never asked for.
  const shared = commonDivisor(period, units) || 1
  const span = period / shared
  const rate = Math.max(1, units / shared)
  const keepMs = Math.ceil((burst * span) / rate)
  if (units > 0 && keepMs > LONGEST_BURST_MS) throw rangeError(`${where} must not take more than ${LONGEST_BURST_MS} ms to come back, got ${keepMs} ms`)
  return { name, suffix: `${letter}:${name}`, limit: units === 0 ? 0 : burst, kind, span, rate, keepMs }
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function limit(value, name) {
  return check.integer(value, name, 0, MOST)
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} unit what a number counts, in ms
 */
function period(value, name, unit) {
  const ms = check.span(value, name, unit)
  if (ms > LONGEST_PERIOD_MS) throw rangeError(`${name} must be from 1 ms to 366 days, got ${ms} ms`)
  return ms
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {asserts value is string}
 */
function policyName(value, name) {
  if (typeof value !== 'string') throw typeError(`${name} must be a string, got ${kindOf(value)}`)
  if (!NAME.test(value)) throw typeError(`${name} must be a letter, then letters, digits, _, - or ., at most 64`)
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {asserts value is Algorithm}
 */
function algorithmOf(value, name) {
  if (typeof value === 'string' && Object.hasOwn(ALGORITHMS, value)) return
  throw typeError(`${name} must be one of '${Object.keys(ALGORITHMS).join("', '")}', got ${kindOfWord(value)}`)
}

/**
 * A policy as it is given, with its period in ms.
 * @typedef {{ name?: string, limit: number, period: number, algorithm?: Algorithm, burst?: number }} Checked
 *
 * @param {unknown} given
 * @param {string} where
 * @returns {Checked}
 */
function checked(given, where) {
  const { name, limit: units, period: span, algorithm, burst } = check.object(given, where, OPTIONS)
  if (name !== undefined) policyName(name, `${where}.name`)
  if (algorithm !== undefined) algorithmOf(algorithm, `${where}.algorithm`)
  const policy = { name, limit: limit(units, `${where}.limit`), period: period(span, `${where}.period`, 1), algorithm, burst }
  if (burst !== undefined) {
    check.integer(burst, `${where}.burst`, 1, MOST)
    if (!isDrained(policy)) throw typeError(`${where}.burst is of gcra and tokenBucket only`)
  }
  return policy
}

/** @param {{ algorithm?: Algorithm }} policy */
function isDrained({ algorithm = 'gcra' }) {
  return ALGORITHMS[algorithm].kind === GCRA
}

/**
 * @param {unknown} given
 * @param {string} where
 * @returns {Policy}
 */
function policy(given, where) {
  const one = checked(given, where)
  const { limit, period, name = String(period), algorithm = 'gcra', burst = limit } = one
  return isDrained(one) ? drained(algorithm, name, limit, period, burst, `${where}.burst`) : windowed(algorithm, name, limit, period)
}

/**
 * Tokens a second, as millionths.
 * @param {unknown} rate
 */
function refill(rate) {
  if (typeof rate !== 'number') throw typeError(`refillRate must be a number, got ${kindOf(rate)}`)
  const micro = Math.round(rate * 1e6)
  if (!(rate >= 0.000001 && rate <= MOST)) throw rangeError(`refillRate must be from 0.000001 to ${MOST} tokens a second, got ${rate}`)
  return micro
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function cost(value, name) {
  return check.integer(value, name, 1, MOST)
}

module.exports = { OPTIONS, MOST, policy, checked, policyName, algorithmOf, isDrained, windowed, drained, limit, period, refill, cost }
