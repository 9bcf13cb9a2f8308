'use strict'

/** What is found and is no value that may be given as it is; the first four as `src/cache/read.rs` has them. */
const KIND = /** @type {const} */ ({ LEASED: -1, STALE: -2, EARLY: -3, NEAR: -4, UNREADABLE: -5, MISFIT: -6 })

/** What was found and needs a second look. */
class Odd {
  /**
   * @param {number} kind of `KIND`
   * @param {any} value
   * @param {number} [token] of the lease on it
   * @param {boolean} [isInvalidated] it is stale because one of its tags was invalidated
   */
  constructor(kind, value, token = 0, isInvalidated = false) {
    this.kind = kind
    this.value = value
    this.token = token
    this.isInvalidated = isInvalidated
  }

  /**
   * The same with another value.
   * @param {any} value
   */
  of(value) {
    return new Odd(this.kind, value, this.token, this.isInvalidated)
  }
}

module.exports = { Odd, KIND }
