'use strict'

// Arguments and options are checked here, before anything is sent.

const { typeError, rangeError, kindOf, kindOfWord } = require('./errors')

const MAX_KEY_BYTES = 65536
const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/
/** The longest span that is not `Infinity`: a hundred years, in ms. */
const LONGEST = 100 * 365 * 86_400_000
/** The longest span of a timer on the I/O thread, in ms. */
const LONGEST_TIMER = 2 ** 31 - 1

/**
 * A span in whole milliseconds, rounded up.
 * @param {unknown} value
 * @param {string} name
 * @param {number} unit what a number counts, in ms
 */
function span(value, name, unit) {
  const text = typeof value === 'string' ? DURATION.exec(value) : null
  if (typeof value === 'string' && text === null) {
    throw typeError(`${name} must be a number or a string such as '250ms', '10s', '5m', '2h' or '7d', got another string`)
  }
  if (text === null && typeof value !== 'number') {
    throw typeError(`${name} must be a number or a string such as '10s', got ${kindOf(value)}`)
  }
  const ms = text ? Number(text[1]) * UNITS[/** @type {keyof typeof UNITS} */ (text[2])] : /** @type {number} */ (value) * unit
  if (Number.isNaN(ms) || ms < 1 || ms > LONGEST) {
    throw rangeError(`${name} must be from 1 ms to 100 years, got ${typeof value === 'string' ? 'another span' : value}`)
  }
  return Math.ceil(ms)
}

/**
 * A span of a timer, in ms.
 * @param {unknown} value
 * @param {string} name
 */
function duration(value, name) {
  const ms = span(value, name, 1)
  if (ms > LONGEST_TIMER) throw rangeError(`${name} must be at most ${LONGEST_TIMER} ms, got ${ms}`)
  return ms
}

/**
 * As `duration`, or 0 for none.
 * @param {unknown} value
 * @param {string} name
 */
function durationOrNone(value, name) {
  return value === 0 ? 0 : duration(value, name)
}

/**
 * A `ttl`: in ms, `0` for "do not store", `Infinity` for no end.
 * @param {unknown} value
 * @param {string} name
 */
function ttl(value, name) {
  if (value === 0 || value === Infinity) return value
  return span(value, name, 1000)
}

/**
 * A key: a string of 1 to 65 536 bytes, without NUL and lone surrogates.
 * @param {unknown} value
 * @param {string} [name]
 * @returns {asserts value is string}
 */
function key(value, name = 'key') {
  if (typeof value !== 'string') throw typeError(`${name} must be a string, got ${kindOf(value)}`)
  if (value.length === 0) throw typeError(`${name} must not be empty`)
  // No character takes more than three bytes a code unit, so a short string needs no counting.
  if (value.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(value) > MAX_KEY_BYTES) {
    throw rangeError(`${name} must be at most ${MAX_KEY_BYTES} bytes, got ${Buffer.byteLength(value)}`)
  }
  if (value.includes('\0')) throw typeError(`${name} must not contain a NUL character`)
  // @ts-expect-error: since Node 20, and not yet in the library of types
  if (!value.isWellFormed()) throw typeError(`${name} must not contain a lone surrogate`)
}

/**
 * An array of keys: a copy, which nobody can change between the check and the call.
 * @param {unknown} values
 * @param {string} name
 * @returns {string[]}
 */
function keys(values, name) {
  if (!Array.isArray(values)) throw typeError(`${name} must be an array of strings, got ${kindOf(values)}`)
  const list = [...values]
  list.forEach((value, i) => key(value, `${name}[${i}]`))
  return list
}

/**
 * A list, copied.
 * @param {unknown} value
 * @param {string} name
 * @returns {any[]}
 */
function array(value, name) {
  if (!Array.isArray(value)) throw typeError(`${name} must be an array, got ${kindOf(value)}`)
  return [...value]
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {asserts value is string}
 */
function string(value, name) {
  if (typeof value !== 'string') throw typeError(`${name} must be a string, got ${kindOf(value)}`)
  if (value.includes('\0')) throw typeError(`${name} must not contain a NUL character`)
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {boolean}
 */
function boolean(value, name) {
  if (typeof value !== 'boolean') throw typeError(`${name} must be a boolean, got ${kindOf(value)}`)
  return value
}

/**
 * One of two or more words.
 * @template {string} Word
 * @param {unknown} value
 * @param {string} name
 * @param {readonly Word[]} words
 * @returns {Word}
 */
function oneOf(value, name, words) {
  const word = words.find((one) => one === value)
  if (word !== undefined) return word
  const quoted = words.map((one) => `'${one}'`)
  throw typeError(`${name} must be ${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}, got ${kindOfWord(value)}`)
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} least
 * @param {number} most
 * @returns {number}
 */
function integer(value, name, least, most) {
  if (typeof value !== 'number') throw typeError(`${name} must be a number, got ${kindOf(value)}`)
  if (!Number.isInteger(value) || value < least || value > most) {
    throw rangeError(`${name} must be an integer from ${least} to ${most}, got ${value}`)
  }
  return value
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {asserts value is (...args: any[]) => any}
 */
function callable(value, name) {
  if (typeof value !== 'function') throw typeError(`${name} must be a function, got ${kindOf(value)}`)
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {asserts value is AbortSignal}
 */
function signal(value, name) {
  if (!(value instanceof AbortSignal)) throw typeError(`${name} must be an AbortSignal, got ${kindOf(value)}`)
}

/**
 * An object of options whose keys are all known. An unknown one is named with the nearest that is, or with all of them where none is near.
 * @param {unknown} value
 * @param {string} name
 * @param {readonly string[]} known
 * @returns {any}
 */
function options(value, name, known) {
  if (value === undefined) return {}
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw typeError(`${name} must be an object, got ${kindOf(value)}`)
  }
  for (const option of Object.keys(value)) {
    if (!known.includes(option)) throw typeError(`${name}.${option} is not an option; ${advice(option, known)}`)
  }
  return value
}

/**
 * As `options`, of one that must be given.
 * @param {unknown} value
 * @param {string} name
 * @param {readonly string[]} known
 */
function object(value, name, known) {
  if (value === undefined) throw typeError(`${name} must be an object, got undefined`)
  return options(value, name, known)
}

/** What others call what is here one of these. */
const ELSEWHERE = new Map(Object.entries({
  max: ['limit', 'maxEntries'],
  points: ['limit'],
  window: ['period'],
  period: ['window'],
  interval: ['period', 'window'],
  duration: ['period', 'window', 'ttl'],
  ex: ['ttl'],
  expire: ['ttl'],
  maxAge: ['ttl'],
}))

/**
 * @param {string} option
 * @param {readonly string[]} known
 */
function advice(option, known) {
  const ours = ELSEWHERE.get(option)?.find((other) => known.includes(other))
  if (ours !== undefined) return `did you mean '${ours}'?`
  const best = nearest(option, known)
  const [one, other] = [option.toLowerCase(), best.toLowerCase()]
  const isNear = one.includes(other) || other.includes(one) || distance(one, other) * 2 <= Math.max(one.length, other.length)
  return isNear ? `did you mean '${best}'?` : `there are ${known.map((word) => `'${word}'`).join(', ')}`
}

/**
 * @param {string} word
 * @param {readonly string[]} words
 */
function nearest(word, words) {
  /** @type {(other: string) => number} */
  const far = (other) => distance(word.toLowerCase(), other.toLowerCase())
  return words.reduce((best, other) => (far(other) < far(best) ? other : best))
}

/**
 * Edit distance (Levenshtein 1966).
 * @param {string} a
 * @param {string} b
 */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]
}

module.exports = { span, duration, durationOrNone, ttl, key, keys, array, string, boolean, oneOf, integer, callable, signal, options, object }
