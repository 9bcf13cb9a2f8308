'use strict'

// The data of a session: an object, as JSON.

const json = require('../codecs/json')
const { typeError, kindOf } = require('../errors')

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {string}
 */
function encode(value, name) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw typeError(`${name} must be an object, got ${kindOf(value)}`)
  const text = json.encode(value, name)
  // What a `toJSON` has made of it.
  if (!text.startsWith('{')) throw typeError(`${name} must be an object also as JSON`)
  return text
}

/**
 * `undefined` where it is no object.
 * @param {string} text
 * @returns {Record<string, any> | undefined}
 */
function decode(text) {
  try {
    const value = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

module.exports = { encode, decode }
