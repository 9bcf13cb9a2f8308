'use strict'

const { decode, MISS, UNREADABLE } = require('./store')

/** Counts what a cache does. */
class Tally {
  /** @type {import('../index').CacheMetrics} */
  counts = { hits: 0, misses: 0, loads: 0, loadFailures: 0, coalesced: 0, stores: 0, unreadable: 0, errors: 0, degraded: 0 }

  /** The value of what is stored; `MISS` for what is not there, or cannot be read. */
  found = (/** @type {any} */ stored) => {
    const value = decode(stored)
    if (value !== MISS && value !== UNREADABLE) {
      this.counts.hits++
      return value
    }
    this.counts.misses++
    if (value === UNREADABLE) this.counts.unreadable++
    return MISS
  }

  /** As `found`, with `null` for a miss. */
  orNull = (/** @type {any} */ stored) => {
    const value = this.found(stored)
    return value === MISS ? null : value
  }
}

module.exports = { Tally }
