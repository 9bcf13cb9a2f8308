'use strict'

// Hits that were counted in memory while Redis could not, and what of them Redis is still owed.

/** So many keys at most, some megabytes; then the oldest window goes. */
const MOST = 10_000

/**
 * @typedef {object} Entry
 * @property {number} total
 * @property {number} owed of `total`: what Redis has surely not counted
 * @property {number} claimed of `owed`: what is on its way to Redis
 * @property {number} endsAt by the monotonic clock, in ms
 */

class LocalCounts {
  #now
  /** All windows are of one length, so the first entry is the first to end. @type {Map<string, Entry>} */
  #entries = new Map()

  /** @param {() => number} [now] */
  constructor(now = () => performance.now()) {
    this.#now = now
  }

  get size() {
    return this.#entries.size
  }

  /**
   * @param {string} key
   * @param {number} windowMs from the first hit
   * @param {boolean} isOwed whether Redis has surely not counted it
   */
  hit(key, windowMs, isOwed) {
    let entry = this.#open(key)
    if (entry === undefined) {
      if (this.#entries.size >= MOST) this.#entries.delete(/** @type {string} */ (this.#entries.keys().next().value))
      entry = { total: 0, owed: 0, claimed: 0, endsAt: this.#now() + windowMs }
      this.#entries.set(key, entry)
    }
    entry.total++
    if (isOwed) entry.owed++
    return this.#told(entry)
  }

  /**
   * Takes one hit back that Redis has not been told of. Whether there was one.
   * @param {string} key
   */
  giveBack(key) {
    const entry = this.#open(key)
    if (entry === undefined || entry.owed <= entry.claimed) return false
    entry.owed--
    entry.total--
    return true
  }

  /** @param {string} key */
  look(key) {
    const entry = this.#open(key)
    return entry === undefined ? null : this.#told(entry)
  }

  /**
   * What is owed for a key, to be told to Redis by this caller alone.
   * @param {string} key
   */
  claim(key) {
    const entry = this.#open(key)
    if (entry === undefined) return 0
    const units = entry.owed - entry.claimed
    entry.claimed += units
    return units
  }

  /**
   * Redis counts them now.
   * @param {string} key
   * @param {number} units that were claimed
   */
  paid(key, units) {
    this.#end(key, units, units, units)
  }

  /**
   * Redis was told and has not answered. They are never told again: it may have counted them.
   * @param {string} key
   * @param {number} units
   */
  doubtful(key, units) {
    this.#end(key, units, units, 0)
  }

  /**
   * Redis was not told.
   * @param {string} key
   * @param {number} units
   */
  unpaid(key, units) {
    this.#end(key, units, 0, 0)
  }

  /** @param {string} key */
  forget(key) {
    this.#entries.delete(key)
  }

  forgetAll() {
    this.#entries.clear()
  }

  /**
   * @param {string} key
   * @param {number} claimed
   * @param {number} owed
   * @param {number} total
   */
  #end(key, claimed, owed, total) {
    const entry = claimed > 0 ? this.#open(key) : undefined
    // A new window, or a key that was forgotten, has not claimed them.
    if (entry === undefined || entry.claimed < claimed) return
    entry.claimed -= claimed
    entry.owed -= owed
    entry.total -= total
    if (entry.total === 0) this.#entries.delete(key)
  }

  /** @param {string} key */
  #open(key) {
    if (this.#entries.size === 0) return undefined
    const now = this.#now()
    for (const [key, { endsAt }] of this.#entries) {
      if (endsAt > now) break
      this.#entries.delete(key)
    }
    return this.#entries.get(key)
  }

  /** @param {Entry} entry */
  #told({ total, endsAt }) {
    return { total, resetMs: Math.max(0, endsAt - this.#now()) }
  }
}

module.exports = { LocalCounts, MOST }
