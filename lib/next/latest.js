'use strict'

/** What this process has read or written last, in so many bytes: given while nobody can be asked. */
class Latest {
  #most
  #bytes = 0
  /** @type {Map<string, Buffer>} the oldest first */
  #kept = new Map()

  /** @param {number} most */
  constructor(most) {
    this.#most = most
  }

  /** @param {string} name */
  get(name) {
    return this.#kept.get(name)
  }

  /**
   * @param {string} name
   * @param {Buffer | null} bytes `null` for nothing
   */
  set(name, bytes) {
    const before = this.#kept.get(name)
    if (before !== undefined) {
      this.#kept.delete(name)
      this.#bytes -= before.length
    }
    if (bytes === null || bytes.length > this.#most) return
    this.#kept.set(name, bytes)
    this.#bytes += bytes.length
    for (const [oldest, { length }] of this.#kept) {
      if (this.#bytes <= this.#most) return
      this.#kept.delete(oldest)
      this.#bytes -= length
    }
  }
}

module.exports = { Latest }
