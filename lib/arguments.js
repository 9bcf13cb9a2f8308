'use strict'

// The arguments of a user's command, as they cross.

const { isUint8Array } = require('node:util/types')
const { typeError, kindOf } = require('./errors')

/**
 * A command of texts only crosses in one string, with a NUL between two. `null` where that cannot be.
 * @param {string} name
 * @param {unknown[]} args
 */
function oneLine(name, args) {
  let line = name
  for (let i = 0; i < args.length; i++) {
    const part = argument(args[i], i)
    if (typeof part !== 'string' || part.includes('\0')) return null
    line += '\0' + part
  }
  return line
}

/**
 * @param {unknown} arg
 * @param {number} i
 * @returns {string | Uint8Array}
 */
function argument(arg, i) {
  if (typeof arg === 'number') {
    if (Number.isNaN(arg)) throw typeError(`args[${i}] must not be NaN`)
    return String(arg)
  }
  if (typeof arg === 'bigint') return String(arg)
  if (isUint8Array(arg)) return arg
  if (typeof arg !== 'string') throw typeError(`args[${i}] must be a string, a number, a bigint or a Uint8Array, got ${kindOf(arg)}`)
  // @ts-expect-error: since Node 20, and not yet in the library of types
  if (!arg.isWellFormed()) throw typeError(`args[${i}] must not contain a lone surrogate`)
  return arg
}

module.exports = { argument, oneLine }
