'use strict'

// What was known when things began to be made for one request: an entry is behind the invalidations of which its making knew, and not behind those that came until it was stored.

/** A request asks for less; where one object serves many, as in a build, the rest began with it. */
const MOST = 1000

class Beginnings {
  /** @type {Map<string, number>} */
  #numbers = new Map()
  #first

  /** @param {number} first the last invalidation that was known when the request came; 0 for none */
  constructor(first) {
    this.#first = first
  }

  /**
   * Something is asked for, and may be made from now on.
   * @param {string} name
   * @param {number} number of the last invalidation that was known
   */
  begin(name, number) {
    if (this.#first === 0) this.#first = number
    // The earliest counts.
    if (!this.#numbers.has(name) && this.#numbers.size < MOST) this.#numbers.set(name, number)
  }

  /**
   * It is made.
   * @param {string} name
   * @returns {number} the last invalidation of which its making knew
   */
  end(name) {
    const number = this.#numbers.get(name) ?? this.#first
    this.#numbers.delete(name)
    return number
  }
}

module.exports = { Beginnings }
