'use strict'

const { joined } = require('./joined')

/** An entry with a longer text crosses by itself: putting texts together copies them. */
const LONGEST = 8192
/** Where more come in a turn, the server stores the first while the next are gathered. */
const MOST = 32

/** Entries with tags, of one turn, on their way to the I/O thread, which Redis is given by one script: whatever is there is replaced. */
class Puts {
  most = MOST
  #ids = ''
  #texts = ''
  #tags = ''
  #spans = new Float64Array(2 * MOST)
  #count = 0
  #native

  /** @param {() => import('../binding').NativeCache} native */
  constructor(native) {
    this.#native = native
  }

  /** @param {string} text */
  static takes(text) {
    return text.length <= LONGEST
  }

  /**
   * @param {string} key
   * @param {{ text: string, lifeMs: number, staleMs: number, tags: readonly string[] }} entry
   */
  add(key, { text, lifeMs, staleMs, tags }) {
    this.#spans[2 * this.#count] = lifeMs
    this.#spans[2 * this.#count + 1] = staleMs
    this.#count++
    this.#ids = joined(this.#ids, key)
    this.#texts = joined(this.#texts, text)
    for (const tag of tags) this.#tags = joined(this.#tags, tag)
  }

  /**
   * @param {Uint32Array} slots with the number of its tags as the word of each
   * @param {number} count
   */
  handOver(slots, count) {
    const [ids, texts, tags] = [this.#ids, this.#texts, this.#tags]
    this.#ids = this.#texts = this.#tags = ''
    this.#count = 0
    return this.#native().putTogether(slots, count, ids, texts, this.#spans, tags)
  }
}

module.exports = { Puts }
