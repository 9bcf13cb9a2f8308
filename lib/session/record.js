'use strict'

// What the scripts tell of a session, opened.

/** What the scripts answer first; each `src/session/lua/*.lua` says which. */
const CODE = /** @type {const} */ ({ NONE: 0, LIVE: 1, MOVED: 2, CONFLICT: 3, CHANGED: 5, GONE: -1, BAD: -2, REFUSED: -3 })

/** The fields that are sealed; each opens in its own place only. */
const FIELD = /** @type {const} */ ({ DATA: 'd', USER: 'u', META: 'm' })

/**
 * @typedef {object} Read a session as it is stored
 * @property {string} version
 * @property {string} data
 * @property {string} cookie
 * @property {string | null} userId
 * @property {string | null} meta
 * @property {number} createdAt in ms since the epoch, by the server's clock, as all times
 * @property {number} lastSeenAt
 * @property {number} expiresAt
 * @property {string} id the name of its present id
 * @property {string | null} movedTo the same, where it was found by an id that it had before
 * @property {string} index the name of the index of its user, '' for none
 */

/** Makes of what the scripts tell what is known of a session, and counts what cannot be read. */
class Reader {
  #seal
  #tally

  /**
   * @param {import('./seal').Seal} seal
   * @param {import('./tally').Tally} tally
   */
  constructor(seal, tally) {
    this.#seal = seal
    this.#tally = tally
  }

  /**
   * `null` where there is none, or none that can be read.
   * @param {any[]} told as `read.lua` has it, and the name behind the code
   * @param {boolean} [hasMoved]
   * @returns {Read | null}
   */
  read(told, hasMoved = false) {
    if (told[0] === CODE.BAD) this.#tally.unreadable('stored')
    if (told[0] !== CODE.LIVE && told[0] !== CODE.CONFLICT) return null
    const found = this.#opened(told, hasMoved)
    if (found === null) this.#tally.unreadable('sealed')
    return found
  }

  /**
   * @param {any[]} told
   * @param {boolean} hasMoved
   * @returns {Read | null}
   */
  #opened([, id, , version, d, cookie, u, index, m, createdAt, lastSeenAt, , expiresAt], hasMoved) {
    const data = this.#seal.open(d, id, FIELD.DATA)
    const userId = u === '' ? null : this.#seal.open(u, id, FIELD.USER)
    const meta = m === '' ? null : this.#seal.open(m, id, FIELD.META)
    if (data === null || (userId === null && u !== '') || (meta === null && m !== '')) return null
    // What is no text is none of ours.
    if (typeof version !== 'string' || typeof cookie !== 'string' || typeof index !== 'string') return null
    return { version, data, cookie, userId, meta, createdAt, lastSeenAt, expiresAt, id, movedTo: hasMoved ? id : null, index }
  }
}

/** @param {any[]} told */
function isVacant(told) {
  return told[0] === CODE.NONE || told[0] === CODE.BAD
}

module.exports = { CODE, FIELD, Reader, isVacant }
