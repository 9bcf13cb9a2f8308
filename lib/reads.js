'use strict'

/** Reads of one turn on their way to the I/O thread: they cross together, and Redis is asked for them in one command where that does. */
class Reads {
  most = 64
  #ids = ''
  #native

  /** @param {() => import('../binding').NativeCache} native */
  constructor(native) {
    this.#native = native
  }

  /** @param {string} key */
  add(key) {
    // No key holds a NUL, and none is empty.
    this.#ids = this.#ids === '' ? key : `${this.#ids}\0${key}`
  }

  /**
   * @param {Uint32Array} slots
   * @param {number} count
   */
  handOver(slots, count) {
    const ids = this.#ids
    this.#ids = ''
    return this.#native().getTogether(slots, count, ids)
  }
}

module.exports = { Reads }
