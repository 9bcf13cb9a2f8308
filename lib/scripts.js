'use strict'

// Lua scripts, each hashed once.

const check = require('./check')
const binding = require('./native')

/** How many are remembered; a program that makes its scripts out of values forgets the oldest. */
const MOST = 1000

/** @type {Map<string, import('../binding').NativeScript>} */
const scripts = new Map()

/** @param {string} source */
function scriptOf(source) {
  const known = scripts.get(source)
  if (known !== undefined) return known
  check.string(source, 'script')
  if (scripts.size === MOST) scripts.delete(/** @type {string} */ (scripts.keys().next().value))
  const script = new binding.NativeScript(source)
  scripts.set(source, script)
  return script
}

module.exports = { scriptOf }
