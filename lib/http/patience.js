'use strict'

// How long Redis may take until the application answers by itself. The commands go on by their client's own deadline, so that a page that does not wait says nothing
// to others who share the client; but after some in a row nobody waits any more for a while.

const { NativeCircuitBreaker } = require('../native')
const { REFUSED, toNative } = require('../breaker-options')
// Not the globals: an environment of a test may lack them or have replaced them.
const { clearTimeout, setImmediate, setTimeout } = require('node:timers')

/** So many in a row, and for how long nobody waits then. */
const THRESHOLD = 5
const OPEN_MS = 1000

/** Redis has not answered, or is not asked. */
const LATE = Symbol('late')

class Patience {
  #ms
  #breaker

  /**
   * @param {number} ms
   * @param {number} [threshold] behind so many in a row nobody waits for a while
   */
  constructor(ms, threshold = THRESHOLD) {
    this.#ms = ms
    this.#breaker = new NativeCircuitBreaker(toNative({ threshold }, 'options', OPEN_MS))
  }

  /**
   * What is read, or `LATE`. `read` is given what it calls when Redis has answered, should it have more to wait for then: for others, and no longer than `waitMs`.
   * @template T
   * @param {(answered: () => void) => Promise<T>} read
   * @param {number} [waitMs]
   * @returns {Promise<T | typeof LATE>}
   */
  wait(read, waitMs = 0) {
    const permit = this.#breaker.permit(performance.now())
    if (permit === REFUSED) return Promise.resolve(LATE)
    const waiting = new Waiting(this.#breaker, permit, this.#ms, waitMs)
    read(waiting.answered).then(waiting.done, waiting.failed)
    return waiting.promise
  }
}

/** One who waits. */
class Waiting {
  #breaker
  #permit
  #ms
  #waitMs
  #isAnswered = false
  #isOver = false
  #begun
  #timer
  /** @type {(value: any) => void} */
  #resolve = () => {}
  /** @type {(error: any) => void} */
  #reject = () => {}
  /** @type {Promise<any>} */
  promise = new Promise((resolve, reject) => {
    this.#resolve = resolve
    this.#reject = reject
  })

  /**
   * @param {NativeCircuitBreaker} breaker
   * @param {number} permit
   * @param {number} ms
   * @param {number} waitMs
   */
  constructor(breaker, permit, ms, waitMs) {
    this.#breaker = breaker
    this.#permit = permit
    this.#ms = ms
    this.#waitMs = waitMs
    this.#begun = performance.now()
    this.#timer = this.#in(waitMs > 0 ? Math.min(ms, waitMs) : ms)
  }

  answered = () => this.#settle(false)

  done = (/** @type {any} */ value) => {
    this.#end()
    this.#resolve(value)
  }

  failed = (/** @type {any} */ error) => {
    this.#end()
    this.#reject(error)
  }

  #end() {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#settle(false)
  }

  /** @param {boolean} failed */
  #settle(failed) {
    if (this.#isAnswered) return
    this.#isAnswered = true
    this.#breaker.settle(this.#permit, failed, performance.now())
  }

  /**
   * Where it is this process that was held up, the answer may lie there, and comes before that.
   * @param {number} ms
   */
  #in(ms) {
    return setTimeout(() => void setImmediate(this.#late), ms)
  }

  #late = () => {
    if (this.#isOver) return
    const left = (this.#isAnswered ? this.#waitMs : this.#ms) - (performance.now() - this.#begun)
    if (left >= 1) {
      this.#timer = this.#in(left)
      return
    }
    this.#settle(true)
    this.done(LATE)
  }
}

module.exports = { LATE, Patience }
