'use strict'

// The names that ids and users have at rest: SHA-256, or HMAC-SHA-256 where there are keys. Nothing is ever compared with an id but by its name.

const { createHmac } = require('node:crypto')
const { sha256 } = require('../hash')

/** The longest id, in characters. A cookie holds about 4000 in all. */
const LONGEST_ID = 1024

/** What stands before a user, so that no user has the name of an id. No id holds a NUL. */
const USER = 'user\0'

/** @typedef {import('node:crypto').KeyObject} KeyObject */

class Names {
  #keys

  /** @param {readonly KeyObject[]} keys the first names, by the others things are found */
  constructor(keys) {
    this.#keys = keys
  }

  /**
   * All names that an id may have, the present one first, with a NUL between two: as they cross.
   * @param {string} id
   */
  ofId(id) {
    return this.#all(id)
  }

  /**
   * The name that is given to an id now.
   * @param {string} id
   */
  presentOf(id) {
    return this.#keys.length === 0 ? sha256(id) : hmac(this.#keys[0], id)
  }

  /**
   * As `ofId`, for a user.
   * @param {string} user
   */
  ofUser(user) {
    return this.#all(USER + user)
  }

  /** @param {string} text */
  #all(text) {
    if (this.#keys.length === 0) return sha256(text)
    return this.#keys.map((key) => hmac(key, text)).join('\0')
  }
}

/**
 * Whether an id from outside can be one: a string of 1 to 1024 characters that is well-formed and holds no control characters.
 * @param {unknown} id
 * @returns {id is string}
 */
function isId(id) {
  // @ts-expect-error: `isWellFormed` is there since Node 20, and not yet in the library of types
  return typeof id === 'string' && id.length > 0 && id.length <= LONGEST_ID && !CONTROL.test(id) && id.isWellFormed()
}

// oxlint-disable-next-line no-control-regex
const CONTROL = /[\0-\x1f\x7f]/

/**
 * @param {KeyObject} key
 * @param {string} text
 */
function hmac(key, text) {
  return createHmac('sha256', key).update(text).digest('base64url')
}

module.exports = { Names, isId }
