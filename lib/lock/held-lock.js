'use strict'

// A lock that is held: what its holder is told of it, at once and in time.

const check = require('../check')
const { REASONS, lockLost } = require('./lost')
// Not the globals: an environment of a test may have replaced them.
const { setTimeout, clearTimeout } = require('node:timers')

/**
 * It was found to be lost, by a number of `REASONS`.
 * @type {(lock: HeldLock, reason: number) => void}
 */
let lose

/**
 * Why it is lost, looked up now; `null` where it is held, or was given back before.
 * @type {(lock: HeldLock) => import('../errors').RedwrightError | null}
 */
let lossOf

/**
 * What it is a lock of: by whom it was given, the resources with a NUL between two, alone or with others, whether it was given back, and why that failed.
 * @type {(lock: HeldLock) => { keeper: import('./keeper').Keeper, names: string, mode: number, isReleased: boolean, failure: unknown }}
 */
let termsOf

/**
 * It is time, unless the lock was renewed since.
 * @type {(lock: HeldLock) => void}
 */
let due

/** @typedef {import('../../index').ReleaseOutcome} ReleaseOutcome */

/**
 * What became of its release, as a server says it.
 * @type {(lock: HeldLock, answer: number) => ReleaseOutcome}
 */
let ended

/**
 * Why that is not known.
 * @type {(lock: HeldLock, error: unknown) => ReleaseOutcome}
 */
let failed

class HeldLock {
  #keeper
  #id
  #names
  #mode
  /** @type {Promise<ReleaseOutcome> | null} */
  #released = null
  /** Why nobody said what became of the release. @type {unknown} */
  #failure
  /** @type {import('../errors').RedwrightError | null} */
  #loss = null
  /** Made when somebody asks for the signal. @type {AbortController | null} */
  #controller = null
  /** @type {NodeJS.Timeout | undefined} */
  #timer

  static {
    lose = (lock, reason) => lock.#lose(reason)
    lossOf = (lock) => lock.#look()
    termsOf = (lock) => ({ keeper: lock.#keeper, names: lock.#names, mode: lock.#mode, isReleased: lock.#released !== null, failure: lock.#failure })
    due = (lock) => {
      if (lock.#look() === null) lock.#watch()
    }
    ended = (lock, answer) => lock.#keeper.outcomeOf(answer, lock.#loss !== null)
    failed = (lock, error) => {
      lock.#failure = error
      return 'unknown'
    }
  }

  /** @param {unknown} value @returns {value is HeldLock} */
  static is(value) {
    return typeof value === 'object' && value !== null && #keeper in value
  }

  /**
   * @param {import('./keeper').Keeper} keeper
   * @param {readonly [id: number, fencingToken: number, replicas: number, ...unknown[]]} grant
   * @param {string} names of its resources, with a NUL between two
   * @param {number} mode
   * @param {string} token
   */
  constructor(keeper, grant, names, mode, token) {
    this.#keeper = keeper
    this.#id = grant[0]
    this.#names = names
    this.#mode = mode
    this.token = token
    this.fencingToken = grant[1]
    this.replicas = grant[2]
  }

  get resource() {
    return this.resources[0]
  }

  get resources() {
    return this.#names.split('\0')
  }

  get signal() {
    const controller = (this.#controller ??= new AbortController())
    const loss = this.#look()
    if (loss !== null) controller.abort(loss)
    else if (this.#timer === undefined) this.#watch()
    return controller.signal
  }

  isValid() {
    return this.#released === null && this.#look() === null
  }

  remainingMs() {
    return this.isValid() ? Math.max(0, this.#keeper.remaining(this.#id)) : 0
  }

  /** @param {import('../../index').Duration} ttlMs */
  extend(ttlMs) {
    try {
      const ms = check.duration(ttlMs, 'ttlMs')
      if (!this.isValid()) return Promise.resolve(false)
      const extended = this.#keeper.extend(this.#id, ms, (isHeld) => this.#extended(isHeld))
      // The deadline may be an earlier one as soon as this is sent, and another when it was answered or was not.
      this.#watch()
      return extended.finally(() => this.#watch())
    } catch (error) {
      return Promise.reject(error)
    }
  }

  release() {
    return (this.#released ??= this.#end())
  }

  toString() {
    return this.token
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    await this.release()
  }

  #end() {
    // Whoever has the signal is told of a deadline that has passed. Nobody else asked.
    if (this.#controller !== null) this.#look()
    clearTimeout(this.#timer)
    return this.#keeper.release(this.#id, new Release(this))
  }

  /** @param {boolean} isHeld as the server says */
  #extended(isHeld) {
    if (!isHeld && this.#released === null) this.#lose(this.#keeper.reason(this.#id))
    return isHeld && this.#loss === null
  }

  #look() {
    if (this.#loss === null && this.#released === null && this.#keeper.remaining(this.#id) <= 0) this.#lose(this.#keeper.reason(this.#id))
    return this.#loss
  }

  /** @param {number} reason */
  #lose(reason) {
    if (this.#loss !== null || this.#released !== null) return
    this.#loss = lockLost(REASONS[reason] ?? 'expired')
    clearTimeout(this.#timer)
    this.#keeper.lost(this.#id)
    this.#controller?.abort(this.#loss)
  }

  /** Has the signal abort at the deadline, where somebody has asked for one. */
  #watch() {
    if (this.#controller === null || this.#loss !== null || this.#released !== null) return
    clearTimeout(this.#timer)
    const ms = Math.ceil(this.#keeper.remaining(this.#id))
    this.#timer = setTimeout(due, Math.max(1, ms), this).unref()
  }
}

/** What is made of the answer to a release. */
class Release {
  #lock

  /** @param {HeldLock} lock */
  constructor(lock) {
    this.#lock = lock
  }

  /** @param {number} answer */
  decode(answer) {
    return ended(this.#lock, answer)
  }

  /** @param {unknown} error */
  recover(error) {
    return failed(this.#lock, error)
  }
}

module.exports = { HeldLock, lose, lossOf, termsOf }
