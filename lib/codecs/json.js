'use strict'

// The codec `json`: what any other program reads.

const { typeError, rangeError, kindOf } = require('../errors')

/**
 * @param {unknown} value
 * @param {string} [name] how the value is called in an error
 * @returns {string}
 */
function encode(value, name = 'value') {
  let json
  try {
    json = JSON.stringify(value)
  } catch (cause) {
    // V8 says so of a text longer than any string, and of a value nested too deep for its stack.
    if (cause instanceof RangeError) throw Object.assign(rangeError(`${name} is too large or too deep to be stored as JSON`), { cause })
    throw Object.assign(typeError(`${name} cannot be stored as JSON: it is cyclic, holds a bigint, or its toJSON throws`), { cause })
  }
  if (json === undefined) throw typeError(`${name} cannot be stored as JSON, got ${kindOf(value)}`)
  return json
}

/**
 * @param {string} text
 * @returns {unknown}
 */
function decode(text) {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message quotes the text.
    throw new SyntaxError('not JSON')
  }
}

function isJson() {
  return true
}

module.exports = { encode, decode, isJson }
