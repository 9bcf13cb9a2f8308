'use strict'

// Locks that are asked for, or given back, in one turn, on their way to the I/O thread.

const { TOGETHER } = require('../calls')
const { joined } = require('../joined')

/** Of each that is asked for: its TTL, mode, flags, how long it may be held, and permits. */
const TERMS = 5

/** @typedef {() => import('./native').NativeLock} Native */

/** Those who ask for one resource each, and do not wait for it. */
class Takes {
  most = TOGETHER
  #resources = ''
  #tokens = ''
  #terms = new Float64Array(TERMS * TOGETHER)
  #count = 0
  #native

  /** @param {Native} native */
  constructor(native) {
    this.#native = native
  }

  /**
   * @param {string} resource
   * @param {{ token: string, ttlMs: number, mode: number, flags: number, maxHoldMs: number, permits: number }} terms
   */
  add(resource, { token, ttlMs, mode, flags, maxHoldMs, permits }) {
    const at = TERMS * this.#count++
    this.#resources = joined(this.#resources, resource)
    this.#tokens = joined(this.#tokens, token)
    this.#terms[at] = ttlMs
    this.#terms[at + 1] = mode
    this.#terms[at + 2] = flags
    this.#terms[at + 3] = maxHoldMs
    this.#terms[at + 4] = permits
  }

  /**
   * @param {Uint32Array} slots
   * @param {number} count
   */
  handOver(slots, count) {
    const [resources, tokens] = [this.#resources, this.#tokens]
    this.#resources = this.#tokens = ''
    this.#count = 0
    return this.#native().acquireTogether(slots, count, resources, tokens, this.#terms)
  }
}

/** Those who give back what they hold. */
class Releases {
  most = TOGETHER
  #ids = new Float64Array(TOGETHER)
  #count = 0
  #native

  /** @param {Native} native */
  constructor(native) {
    this.#native = native
  }

  /**
   * @param {string} _resource
   * @param {number} id
   */
  add(_resource, id) {
    this.#ids[this.#count++] = id
  }

  /**
   * @param {Uint32Array} slots
   * @param {number} count
   */
  handOver(slots, count) {
    this.#count = 0
    return this.#native().releaseTogether(slots, count, this.#ids)
  }
}

module.exports = { Takes, Releases }
