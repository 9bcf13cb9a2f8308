'use strict'

const { channels } = require('./channels')

const { unreadable, refused, evicted, limited } = channels

/** Counts what happens to sessions, and tells those who listen. */
class Tally {
  #name
  counts = { created: 0, found: 0, missing: 0, written: 0, conflicts: 0, refused: 0, destroyed: 0, rotated: 0, evicted: 0, limited: 0, unreadable: 0 }

  /** @param {string} name of the sessions' object */
  constructor(name) {
    this.#name = name
  }

  /** @param {'stored' | 'sealed' | 'data'} reason what cannot be read: what is stored, a seal, or the JSON in it */
  unreadable(reason) {
    this.counts.unreadable++
    if (unreadable.hasSubscribers) unreadable.publish({ session: this.#name, reason })
  }

  /** @param {'destroyed' | 'expired'} reason why a write was not done */
  refused(reason) {
    this.counts.refused++
    if (refused.hasSubscribers) refused.publish({ session: this.#name, reason })
  }

  /** @param {number} count of sessions that had to go because their user has others */
  evicted(count) {
    this.counts.evicted += count
    if (count > 0 && evicted.hasSubscribers) evicted.publish({ session: this.#name, count })
  }

  /** A user was refused one more. */
  limited() {
    this.counts.limited++
    if (limited.hasSubscribers) limited.publish({ session: this.#name })
  }
}

module.exports = { Tally }
