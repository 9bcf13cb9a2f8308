'use strict'

const SEED = (Math.random() * 2 ** 32) | 0

/** Remembers which keys have left a store lately, by their fingerprints: eight bytes a key, whatever it is called. */
class Ghost {
  #prints
  /** When each came, by the count of those that have. */
  #times
  #count = 0

  /** @param {number} capacity how many may be remembered; two keys in the same place forget one of them */
  constructor(capacity) {
    const length = capacity === 0 ? 1 : 2 ** Math.ceil(Math.log2(capacity))
    this.#prints = new Uint32Array(length)
    this.#times = new Uint32Array(length)
  }

  /** @param {string} key */
  add(key) {
    const print = fingerprint(key)
    const place = print & (this.#prints.length - 1)
    this.#count = (this.#count + 1) >>> 0
    this.#prints[place] = print
    this.#times[place] = this.#count
  }

  /**
   * Whether it is among the last so many that came. It is forgotten then.
   * @param {string} key
   * @param {number} last
   */
  take(key, last) {
    const print = fingerprint(key)
    const place = print & (this.#prints.length - 1)
    if (this.#prints[place] !== print || (this.#count - this.#times[place]) >>> 0 >= last) return false
    this.#prints[place] = 0
    return true
  }
}

/**
 * Never 0, which is nobody's. FNV-1a, and the last step of MurmurHash3, without which its low bits are poor.
 * @param {string} key
 */
function fingerprint(key) {
  let print = SEED
  for (let i = 0; i < key.length; i++) print = Math.imul(print ^ key.charCodeAt(i), 0x01000193)
  print = Math.imul(print ^ (print >>> 16), 0x85ebca6b)
  print = Math.imul(print ^ (print >>> 13), 0xc2b2ae35)
  return (print ^ (print >>> 16)) >>> 0 || 1
}

module.exports = { Ghost, fingerprint }
