'use strict'

// Options of middleware that need not be given.

const check = require('../check')

/**
 * @param {any} options
 * @param {string} name
 * @returns {((...args: any[]) => any) | undefined}
 */
function callback(options, name) {
  if (options[name] !== undefined) check.callable(options[name], `options.${name}`)
  return options[name]
}

/**
 * @param {any} options
 * @param {string} name
 * @param {boolean} otherwise
 * @returns {boolean}
 */
function flag(options, name, otherwise) {
  return options[name] === undefined ? otherwise : check.boolean(options[name], `options.${name}`)
}

/**
 * What a callback gives. Where that is a promise it is refused, and what becomes of it is of no interest.
 * @template T
 * @param {T} value
 */
function given(value) {
  if (typeof (/** @type {any} */ (value)?.then) === 'function') void Promise.resolve(value).catch(() => {})
  return value
}

module.exports = { callback, flag, given }
