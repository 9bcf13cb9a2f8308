'use strict'

// The codec `typed`: JSON text that also holds what JSON loses. A value that JSON holds has the very text that JSON gives it.

const { typeError, rangeError, kindOf } = require('../errors')
const { mark } = require('./mark')
const { reviveTree } = require('./revive')

/**
 * @param {unknown} value
 * @param {string} [name] how the value is called in an error
 * @returns {string}
 */
function encode(value, name = 'value') {
  let text
  try {
    text = JSON.stringify(mark(value, { path: [], key: '', name }))
  } catch (cause) {
    if (/** @type {any} */ (cause)?.code === 'ERR_INVALID_ARG') throw cause
    // V8 says so of a text longer than any string.
    if (cause instanceof RangeError) throw Object.assign(rangeError(`${name} is too large to be stored`), { cause })
    throw Object.assign(typeError(`${name} cannot be stored: a toJSON or a getter of it throws`), { cause })
  }
  if (text === undefined) throw typeError(`${name} cannot be stored, got ${kindOf(value)}`)
  return text
}

/**
 * @param {string} text of anybody
 * @returns {unknown}
 * @throws SyntaxError for what `encode` did not write; nothing else, and never with what the text holds
 */
function decode(text) {
  try {
    const tree = JSON.parse(text)
    return isJson(text) ? tree : reviveTree(tree)
  } catch {
    throw new SyntaxError('not typed text')
  }
}

/**
 * Whether the text means the same as JSON: it has no marks and no keys of dollars, as most have not.
 * @param {string} text
 */
function isJson(text) {
  return !text.includes('"$"') && !text.includes('"$$')
}

module.exports = { encode, decode, isJson }
