'use strict'

// How callers are kept from changing what others are given of the same near copy.

const { structured } = require('./near-clone')

/** What cannot be kept: nobody could be given an equal one. */
const UNKEPT = Symbol('unkept')

/**
 * What is done to a value when it is put into a near store, and when it is given out. `put` gives `UNKEPT` for what is not to be put there.
 * @typedef {{ put(value: any): any, get(stored: any): any }} Copier
 */

/** What cannot be frozen is cloned for each who asks. */
class Unfrozen {
  #value

  /** @param {any} value */
  constructor(value) {
    this.#value = value
  }

  copy() {
    return structured(this.#value)
  }
}

/** @param {any} value */
const same = (value) => value

/** @param {any} value */
function clone(value) {
  try {
    return structured(value)
  } catch {
    // Of a class that is not known here, or too deep.
    return UNKEPT
  }
}

/** @param {any} value */
function frozen(value) {
  if (freeze(value)) return value
  const copy = clone(value)
  return copy === UNKEPT ? UNKEPT : new Unfrozen(copy)
}

/** @type {Record<'share' | 'freeze' | 'clone', Copier>} */
const copiers = {
  share: { put: same, get: same },
  freeze: { put: frozen, get: (stored) => (stored instanceof Unfrozen ? stored.copy() : stored) },
  clone: { put: clone, get: structured },
}

/**
 * - `share`: all are given the same object.
 * - `freeze`: all are given the same object, deeply frozen. What cannot be frozen, such as bytes or a `Map`, is cloned.
 * - `clone`: everybody is given an object of their own.
 *
 * What can neither be frozen nor cloned, such as an object of a class of the user's own codec, is not kept but by `share`.
 * @param {'share' | 'freeze' | 'clone'} mode
 * @returns {Copier}
 */
function copierOf(mode) {
  return copiers[mode]
}

/** @param {any} value */
const isObject = (value) => typeof value === 'object' && value !== null

/** @param {object} value */
function isPlain(value) {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || (prototype === Array.prototype && Array.isArray(value))
}

/**
 * Freezes all of a value, or nothing where a part of it cannot be frozen.
 * @param {any} value
 */
function freeze(value) {
  if (!isObject(value)) return typeof value !== 'function'
  const parts = new Set([value])
  // What is added meanwhile is visited, too.
  for (const part of parts) {
    if (!isPlain(part)) return false
    for (const key of Object.keys(part)) {
      const inner = part[key]
      if (isObject(inner)) parts.add(inner)
      else if (typeof inner === 'function') return false
    }
  }
  for (const part of parts) Object.freeze(part)
  return true
}

module.exports = { copierOf, UNKEPT }
