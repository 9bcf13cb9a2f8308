'use strict'

/** Holds back what a handler writes for a while. To the handler it is written, and where it has ended, ended. */
class Gate {
  #res
  /** @type {[method: (...args: any[]) => any, args: any[]][]} */
  #held = []
  #holds = 0
  #isEnded = false

  /** @param {any} res */
  constructor(res) {
    this.#res = res
  }

  /** @param {Promise<unknown> | null} promise that does not reject */
  holdFor(promise) {
    if (promise === null) return
    this.#holds++
    void promise.then(() => {
      this.#holds--
      if (this.#holds === 0) this.#open()
    })
  }

  /**
   * @param {(...args: any[]) => any} method
   * @param {any[]} args
   */
  pass(method, args) {
    if (this.#holds === 0 && this.#held.length === 0) return method.apply(this.#res, args)
    // What comes behind the end is refused as ever, when its turn comes.
    this.#held.push([method, args])
    return false
  }

  /**
   * @param {(...args: any[]) => any} method
   * @param {any[]} args
   */
  end(method, args) {
    const res = this.#res
    if (this.#holds === 0 && this.#held.length === 0) return method.apply(res, args)
    if (!this.#isEnded) {
      this.#isEnded = true
      Object.defineProperty(res, 'writableEnded', { value: true, configurable: true })
    }
    this.#held.push([method, args])
    return res
  }

  #open() {
    const res = this.#res
    delete res.writableEnded
    const held = this.#held
    this.#held = []
    let isFull = false
    for (const [method, args] of held) isFull = method.apply(res, args) === false
    // Whoever was told to wait is told to go on, by the response itself where it is full.
    if (!this.#isEnded && held.length > 0 && !isFull) res.emit('drain')
  }
}

module.exports = { Gate }
