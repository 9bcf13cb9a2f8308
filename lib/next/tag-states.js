'use strict'

// What is known of tags, in memory: which entries their invalidations concern. Entries and invalidations are ordered by numbers that Redis gives, and not by clocks of
// the machines on which pages are rendered.

/**
 * Entries below `expired` are over, those below `stale` are stale, those below `later` are over from `at` on (ms since 1970).
 * @typedef {{ expired: number, stale: number, later: number, at: number }} TagState
 */

/** `'unknown'` where an entry was made behind invalidations that are not known here. @typedef {'fresh' | 'stale' | 'expired' | 'unknown'} Standing */

class TagStates {
  /** @type {Map<string, TagState>} those that were invalidated last stand last */
  #states = new Map()
  #first = 0
  #keptUs

  /** @param {number} keepMs no entry is older */
  constructor(keepMs) {
    this.#keptUs = keepMs * 1000
  }

  get size() {
    return this.#states.size
  }

  /** Of what was invalidated before this number nothing is known any more. */
  get first() {
    return this.#first
  }

  set first(number) {
    this.#first = number
    this.#forget(number)
  }

  /**
   * @param {string} tag
   * @param {string} text as the scripts write it
   */
  set(tag, text) {
    const [expired, stale, later, at] = text.split(' ').map(Number)
    if (![expired, stale, later, at].every(Number.isFinite)) return
    this.#states.delete(tag)
    this.#states.set(tag, { expired, stale, later, at })
    // Numbers are microseconds.
    this.#forget(Math.max(expired, stale, later) - this.#keptUs)
  }

  /** @param {number} number of what is older there are no entries */
  #forget(number) {
    for (const [tag, { expired, stale, later }] of this.#states) {
      if (Math.max(expired, stale, later) >= number) return
      this.#states.delete(tag)
    }
  }

  /**
   * How an entry stands whose making began at a number.
   * @param {readonly string[]} tags
   * @param {number} number
   * @param {number} now
   * @returns {Standing}
   */
  standing(tags, number, now) {
    if (number < this.#first) return 'expired'
    let isStale = false
    for (const tag of tags) {
      const state = this.#states.get(tag)
      if (state === undefined) continue
      if (number < state.expired || (number < state.later && now >= state.at)) return 'expired'
      if (number < state.stale) isStale = true
    }
    return isStale ? 'stale' : 'fresh'
  }
}

module.exports = { TagStates }
