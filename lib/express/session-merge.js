'use strict'

// Three versions of a session, made into one: what a request read, what it has made of it, and what another one has stored meanwhile.
//
//   theirs alone has changed a key   theirs
//   mine alone has changed a key     mine
//   both alike                       that
//   both, differently                what `settle` says
//
// A key that is gone has changed. Values are those of JSON.

const { isDeepStrictEqual } = require('node:util')
const { typeError } = require('../errors')

/**
 * What decides where both have changed a key, and what keeps it out of the session by `undefined`.
 * @typedef {(conflict: { key: string, base: unknown, mine: unknown, theirs: unknown }) => unknown} Settle
 */

/**
 * @param {Record<string, unknown>} base
 * @param {Record<string, unknown>} mine
 * @param {Record<string, unknown>} theirs
 * @param {Settle} settle
 * @returns {Record<string, unknown>} with the keys of mine, then those of theirs alone
 */
function merge(base, mine, theirs, settle) {
  const [from, left, right] = [base, mine, theirs].map((session) => new Map(Object.entries(session)))
  /** @type {[string, unknown][]} */
  const merged = []
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const value = mergeKey({ key, base: from.get(key), mine: left.get(key), theirs: right.get(key) }, settle)
    if (value !== undefined) merged.push([key, value])
  }
  // Not by assignment: a key may be called `__proto__`.
  return Object.fromEntries(merged)
}

/**
 * @param {{ key: string, base: unknown, mine: unknown, theirs: unknown }} conflict
 * @param {Settle} settle
 */
function mergeKey(conflict, settle) {
  const { base, mine, theirs } = conflict
  if (isDeepStrictEqual(mine, base)) return theirs
  if (isDeepStrictEqual(theirs, base)) return mine
  return settle(conflict)
}

/** @type {Record<string, Settle>} */
const RULES = {
  mine: ({ mine }) => mine,
  theirs: ({ theirs }) => theirs,
  delta,
}

/**
 * A number that both have changed has changed by both: counters lose nothing. One that was not there counts from 0.
 * @type {Settle}
 */
function delta({ base = 0, mine, theirs }) {
  return typeof base === 'number' && typeof mine === 'number' && typeof theirs === 'number' ? mine - base + theirs : mine
}

/**
 * @param {unknown} rule
 * @param {string} name
 * @returns {Settle}
 */
function settleBy(rule, name) {
  if (typeof rule === 'function') return settleByFunction(/** @type {Settle} */ (rule))
  if (typeof rule !== 'string' || !Object.hasOwn(RULES, rule)) throw typeError(`${name} must be 'mine', 'theirs', 'delta' or a function`)
  return RULES[rule]
}

/**
 * A function is asked for what really differs.
 * @param {Settle} settle
 * @returns {Settle}
 */
function settleByFunction(settle) {
  return (conflict) => (isDeepStrictEqual(conflict.mine, conflict.theirs) ? conflict.mine : settle(conflict))
}

module.exports = { merge, settleBy }
