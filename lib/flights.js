'use strict'

// Single flight: one read and one load for all callers of a key.

/**
 * A flight that was revoked keeps its callers, takes no more, and stores nothing: what it loads may be older than what has been
 * written or deleted since.
 * @typedef {{ readonly namespace: string, readonly key: string, promise: Promise<any>, revoked: boolean }} Flight
 */

/** @type {WeakMap<object, Map<string, Flights>>} */
const known = new WeakMap()

class Flights {
  // Two steps, because joining the two names to one costs more than the rest of a hit.
  /** @type {Map<string, Map<string, Flight>>} by namespace, then by key */
  #running = new Map()

  /**
   * Those of a key space: all objects over one client and prefix share them, so that what one deletes no other stores.
   * @param {object} redis
   * @param {string} prefix
   */
  static of(redis, prefix) {
    let spaces = known.get(redis)
    if (spaces === undefined) known.set(redis, (spaces = new Map()))
    let flights = spaces.get(prefix)
    if (flights === undefined) spaces.set(prefix, (flights = new Flights()))
    return flights
  }

  /**
   * @param {string} namespace
   * @param {string} key
   */
  get(namespace, key) {
    return this.#running.get(namespace)?.get(key)
  }

  /**
   * Enters a flight, whose promise the caller sets; a running one of the same key is revoked.
   * @param {string} namespace
   * @param {string} key
   * @returns {Flight}
   */
  begin(namespace, key) {
    this.revoke(namespace, key)
    let space = this.#running.get(namespace)
    if (space === undefined) this.#running.set(namespace, (space = new Map()))
    const flight = { namespace, key, promise: Promise.resolve(), revoked: false }
    space.set(key, flight)
    return flight
  }

  /** @param {Flight} flight */
  end(flight) {
    // The place of one that was revoked may be another's.
    if (!flight.revoked) this.#remove(flight)
  }

  /**
   * @param {string} namespace
   * @param {string} key
   */
  revoke(namespace, key) {
    const flight = this.get(namespace, key)
    if (flight === undefined) return
    flight.revoked = true
    this.#remove(flight)
  }

  /** @param {string} namespace */
  revokeAll(namespace) {
    for (const flight of this.#running.get(namespace)?.values() ?? []) flight.revoked = true
    this.#running.delete(namespace)
  }

  /** @param {Flight} flight */
  #remove({ namespace, key }) {
    const space = this.#running.get(namespace)
    space?.delete(key)
    // A namespace may be a user's id: it must leave nothing behind.
    if (space?.size === 0) this.#running.delete(namespace)
  }
}

module.exports = { Flights }
