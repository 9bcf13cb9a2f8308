'use strict'

/**
 * What was found out lately about so many keys and not more; behind that the oldest is forgotten.
 * @template Value
 */
class Recent {
  #most
  #lifeMs
  /** @type {Map<string, { value: Value, until: number }>} */
  #found = new Map()

  /**
   * @param {number} most
   * @param {number} lifeMs
   */
  constructor(most, lifeMs) {
    this.#most = most
    this.#lifeMs = lifeMs
  }

  /** @param {string} key */
  get(key) {
    const found = this.#found.get(key)
    if (found === undefined || Date.now() < found.until) return found?.value
    this.#found.delete(key)
    return undefined
  }

  /**
   * @param {string} key
   * @param {Value} value
   */
  set(key, value) {
    this.#found.delete(key)
    if (this.#found.size >= this.#most) this.#found.delete(/** @type {string} */ (this.#found.keys().next().value))
    this.#found.set(key, { value, until: Date.now() + this.#lifeMs })
  }
}

module.exports = { Recent }
