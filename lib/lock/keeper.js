'use strict'

// Who asks for locks of one kind and prefix, and finds those that are held and renewed when something is told of them.

const { randomUUID } = require('node:crypto')
const { Takes, Releases } = require('./gathered')
const { HeldLock, lose, lossOf } = require('./held-lock')
const { FAIR, RENEW } = require('./native')
const { listen } = require('./listening')
const { isOne } = require('./resources')

/** What became of a release, as `src/lock/` says it. */
const RELEASED = /** @type {const} */ ({ 1: 'released', 0: 'expired', '-1': 'stolen', 2: 'unknown' })
/** So many locks are renewed before any is looked at whether it is over. */
const FEW = 64

/**
 * The way to the native half.
 * @typedef {object} Link
 * @property {import('./native').NativeLock | null} native what it is once something was asked
 * @property {(submit: (native: import('./native').NativeLock, ticket: number) => number, decode?: import('../calls').Decode | null, signal?: AbortSignal) => Promise<any>} call
 * @property {() => void} handOver has all leave that was gathered
 * @property {(by: import('../calls').Gatherer, key: string, entry: any, decode: import('../calls').Decode) => Promise<any> | null} callTogether
 */

/**
 * How a lock is asked for.
 * @typedef {object} Terms
 * @property {number} waitMs
 * @property {AbortSignal | undefined} signal
 * @property {number} flags
 * @property {number} maxHoldMs
 * @property {number} replicas as it crosses
 * @property {number} replicaTimeoutMs
 * @property {number} permits of a semaphore
 */

class Keeper {
  #link
  /** By their number, those that are renewed until they are given back or lost. @type {Map<number, HeldLock>} */
  #renewed = new Map()
  #sweepAt = FEW
  #takes = new Takes(() => this.#native)
  #releases = new Releases(() => this.#native)
  #counts

  /**
   * @param {(receiver: Keeper) => Link} open
   * @param {import('./origin').Origin} origin
   * @param {{ acquired: number, busy: number, released: number, lost: number }} counts
   */
  constructor(open, origin, counts) {
    this.origin = origin
    this.#link = open(this)
    this.#counts = counts
  }

  /**
   * @template B
   * @param {string} names of the resources, with a NUL between two
   * @param {number} ttlMs
   * @param {Terms} terms
   * @param {number} mode
   * @param {(retryAfterMs: number) => B} busy gives, or throws, what stands in for a lock that another holds
   * @returns {Promise<HeldLock | B>}
   */
  acquire(names, ttlMs, terms, mode, busy) {
    const token = randomUUID()
    const { waitMs, signal, flags, maxHoldMs, replicas, replicaTimeoutMs, permits } = terms
    const decode = (/** @type {any} */ answer) => {
      if (signal !== undefined && signal.aborted) return this.#decline(answer)
      if (typeof answer === 'number') {
        this.#counts.busy++
        return busy(answer)
      }
      this.#counts.acquired++
      const [, , , rounds] = answer
      const lock = new HeldLock(this, answer, names, mode, rounds === 0 ? token : `${token}~${rounds}`)
      if ((flags & RENEW) !== 0) this.#keep(answer[0], lock)
      return lock
    }
    if (waitMs === 0 && signal === undefined && (flags & FAIR) === 0 && replicas === 0 && isOne(names)) {
      const answer = this.#link.callTogether(this.#takes, names, { token, ttlMs, mode, flags, maxHoldMs, permits }, decode)
      if (answer !== null) return answer
    }
    return this.#link.call(
      (native, ticket) => native.acquire(ticket, names, token, ttlMs, waitMs, mode, flags, maxHoldMs, replicas, replicaTimeoutMs, permits),
      decode,
      signal,
    )
  }

  /**
   * @param {number} id
   * @param {number} ttlMs
   * @param {(isHeld: boolean) => boolean} decode
   */
  extend(id, ttlMs, decode) {
    return this.#link.call((native, ticket) => native.extend(ticket, id, ttlMs), decode)
  }

  /**
   * @param {number} id
   * @param {import('../calls').Decode} decode of what `outcomeOf` knows
   * @returns {Promise<import('../../index').ReleaseOutcome>}
   */
  release(id, decode) {
    this.#renewed.delete(id)
    return this.#link.callTogether(this.#releases, '', id, decode) ?? this.#link.call((native, ticket) => native.release(ticket, id), decode)
  }

  /**
   * What became of a release.
   * @param {number} answer
   * @param {boolean} wasLost known before
   */
  outcomeOf(answer, wasLost) {
    const outcome = RELEASED[/** @type {keyof typeof RELEASED} */ (answer)]
    if (outcome === 'released') this.#counts.released++
    else if (outcome !== 'unknown' && !wasLost) this.#counts.lost++
    return outcome
  }

  /**
   * Any other operation. Async, so that the clients are held by whoever waits for the answer.
   * @param {(native: import('./native').NativeLock, ticket: number) => number} submit
   * @param {import('../calls').Decode | null} [decode]
   */
  async call(submit, decode) {
    return await this.#link.call(submit, decode)
  }

  /** @param {number} id */
  remaining(id) {
    return this.#native.remaining(id)
  }

  /** @param {number} id */
  reason(id) {
    return this.#native.reason(id)
  }

  /**
   * A lock says that it is.
   * @param {number} id
   */
  lost(id) {
    this.#counts.lost++
    this.#renewed.delete(id)
  }

  /** How many are held now. */
  get held() {
    // What was given back in this turn is not held any more.
    this.#link.handOver()
    return this.#link.native?.held() ?? 0
  }

  /**
   * What the I/O thread tells.
   * @param {string} name
   * @param {any[]} fields
   */
  onEvent(name, [id, reason]) {
    const lock = name === 'lost' ? this.#renewed.get(id) : undefined
    if (lock !== undefined) lose(lock, reason)
  }

  /** Finds locks that are over and that nobody asked about. Whether any are left. */
  sweep() {
    for (const lock of this.#renewed.values()) lossOf(lock)
    return this.#renewed.size > 0
  }

  get #native() {
    return /** @type {import('./native').NativeLock} */ (this.#link.native)
  }

  /**
   * @param {number} id
   * @param {HeldLock} lock
   */
  #keep(id, lock) {
    if (this.#renewed.size === 0) listen(this)
    if (this.#renewed.size >= this.#sweepAt) {
      this.sweep()
      this.#sweepAt = Math.max(FEW, 2 * this.#renewed.size)
    }
    this.#renewed.set(id, lock)
  }

  /**
   * The caller has gone. What came on the way is given back.
   * @param {any} answer
   */
  #decline(answer) {
    if (typeof answer !== 'number') void this.#link.call((native, ticket) => native.release(ticket, answer[0]), IGNORED)
    return null
  }
}

const IGNORED = { decode: () => undefined, recover: () => undefined }

module.exports = { Keeper }
