'use strict'

const { channels } = require('./channels')
const { Odd, KIND } = require('./odd')
const { MISS } = require('./values')

const { hit, stale, negative, miss, load, loadError, store, invalidate } = channels

/** Counts what a cache does, and tells those who listen. */
class Tally {
  #name
  counts = {
    hits: 0, nearHits: 0, staleHits: 0, negativeHits: 0, misses: 0, loads: 0, loadFailures: 0, loadMs: 0, refreshes: 0, coalesced: 0, leaseWaits: 0,
    stores: 0, unreadable: 0, schemaMisses: 0, errors: 0, degraded: 0,
  }

  /** @param {string} name of the cache */
  constructor(name) {
    this.#name = name
  }

  /** @param {any} found what a read has found: a value, `MISS` or an `Odd` */
  read(found) {
    const channel = this.#count(found)
    if (channel !== null && channel.hasSubscribers) channel.publish({ cache: this.#name, count: 1 })
  }

  /**
   * As `read`, for each of many. Those of a kind are told together.
   * @param {any[]} found
   */
  readMany(found) {
    const told = new Map([[hit, 0], [negative, 0], [miss, 0]])
    for (const one of found) {
      const channel = this.#count(one)
      if (channel !== null) told.set(channel, /** @type {number} */ (told.get(channel)) + 1)
    }
    for (const [channel, count] of told) this.#tell(channel, count)
  }

  /**
   * The channel of what was found; `null` where it is not known yet what will be made of it.
   * @param {any} found
   */
  #count(found) {
    const { counts } = this
    if (found instanceof Odd && found.kind === KIND.STALE) return null
    const value = found instanceof Odd && found.kind === KIND.EARLY ? found.value : found
    if (value === MISS || value instanceof Odd) {
      counts.misses++
      if (value !== MISS && value.kind === KIND.UNREADABLE) counts.unreadable++
      return miss
    }
    counts.hits++
    if (value !== null) return hit
    counts.negativeHits++
    return negative
  }

  /** @param {any} value that was given from memory */
  near(value) {
    this.counts.nearHits++
    const channel = value === null ? negative : hit
    if (channel.hasSubscribers) channel.publish({ cache: this.#name, count: 1 })
  }

  /** What was found is not given. */
  missed() {
    this.counts.misses++
    this.#tell(miss, 1)
  }

  /** @param {number} count */
  stale(count) {
    this.counts.staleHits += count
    this.#tell(stale, count)
  }

  /** @param {number} count */
  stored(count) {
    this.counts.stores += count
    this.#tell(store, count)
  }

  /** @param {number} count of entries that were deleted or marked */
  invalidated(count) {
    if (invalidate.hasSubscribers) invalidate.publish({ cache: this.#name, count })
  }

  /** @param {number} durationMs of a fetcher that gave a value */
  loaded(durationMs) {
    this.counts.loadMs += durationMs
    if (load.hasSubscribers) load.publish({ cache: this.#name, durationMs })
  }

  /** @param {number} durationMs */
  loadFailed(durationMs) {
    this.counts.loadFailures++
    if (loadError.hasSubscribers) loadError.publish({ cache: this.#name, durationMs })
  }

  /**
   * @param {import('node:diagnostics_channel').Channel} channel
   * @param {number} count
   */
  #tell(channel, count) {
    if (count > 0 && channel.hasSubscribers) channel.publish({ cache: this.#name, count })
  }
}

module.exports = { Tally }
