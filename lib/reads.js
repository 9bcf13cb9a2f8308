'use strict'

const { TOGETHER } = require('./calls')
const { joined } = require('./joined')

/** Reads of one turn on their way to the I/O thread: they cross together, and Redis is asked for them in one command where that does. */
class Reads {
  most = TOGETHER
  #ids = ''
  #native

  /** @param {() => import('../binding').NativeCache} native */
  constructor(native) {
    this.#native = native
  }

  /** @param {string} key */
  add(key) {
    this.#ids = joined(this.#ids, key)
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
