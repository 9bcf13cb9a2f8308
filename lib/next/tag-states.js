'use strict'

// What is known of tags, in memory: which entries their invalidations concern. Entries and invalidations are ordered by numbers that Redis gives, and not by clocks of
// the machines on which pages are rendered.

/**
 * Entries below `expired` are over, those below `stale` are stale, those below `later` are over from `at` on (ms since 1970).
 * @typedef {{ expired: number, stale: number, later: number, at: number }} TagState
 */

/** `'unknown'` where an entry was made behind invalidations that are not known here. @typedef {'fresh' | 'stale' | 'expired' | 'unknown'} Standing */

class TagStates {
  /** @type {Map<string, TagState>} */
  #states = new Map()
  /** Of what was invalidated before this number nothing is known any more. */
  first = 0

  /**
   * @param {string} tag
   * @param {string} text as the scripts write it
   */
  set(tag, text) {
    const [expired, stale, later, at] = text.split(' ').map(Number)
    if (![expired, stale, later, at].every(Number.isFinite)) return
    this.#states.set(tag, { expired, stale, later, at })
  }

  /**
   * How an entry stands whose making began at a number.
   * @param {readonly string[]} tags
   * @param {number} number
   * @param {number} now
   * @returns {Standing}
   */
  standing(tags, number, now) {
    if (number < this.first) return 'expired'
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
