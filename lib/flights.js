'use strict'

// Single flight: one read and one load for all callers of a key in this process.

/**
 * A flight that was revoked keeps its callers, takes no more, and stores nothing: what it loads may be older than what has been
 * written or deleted since.
 * @typedef {{ promise: Promise<any>, revoked: boolean }} Flight
 */

class Flights {
  /** @type {Map<string, Map<string, Flight>>} by namespace, then by key */
  #spaces = new Map()

  /**
   * @param {string} namespace
   * @param {string} key
   */
  get(namespace, key) {
    return this.#spaces.get(namespace)?.get(key)
  }

  /**
   * Begins a flight; a running one of the same key is revoked.
   * @param {string} namespace
   * @param {string} key
   * @param {(flight: Flight) => Promise<any>} load
   */
  begin(namespace, key, load) {
    this.revoke(namespace, key)
    let space = this.#spaces.get(namespace)
    if (space === undefined) this.#spaces.set(namespace, (space = new Map()))
    /** @type {Flight} */
    const flight = { promise: Promise.resolve(), revoked: false }
    space.set(key, flight)
    flight.promise = this.#run(flight, namespace, key, load)
    return flight
  }

  /**
   * @param {Flight} flight
   * @param {string} namespace
   * @param {string} key
   * @param {(flight: Flight) => Promise<any>} load
   */
  async #run(flight, namespace, key, load) {
    try {
      return await load(flight)
    } finally {
      if (!flight.revoked) this.#remove(namespace, key)
    }
  }

  /**
   * @param {string} namespace
   * @param {string} key
   */
  revoke(namespace, key) {
    const flight = this.get(namespace, key)
    if (flight === undefined) return
    flight.revoked = true
    this.#remove(namespace, key)
  }

  /** @param {string} namespace */
  revokeAll(namespace) {
    for (const flight of this.#spaces.get(namespace)?.values() ?? []) flight.revoked = true
    this.#spaces.delete(namespace)
  }

  /**
   * @param {string} namespace
   * @param {string} key
   */
  #remove(namespace, key) {
    const space = this.#spaces.get(namespace)
    space?.delete(key)
    if (space?.size === 0) this.#spaces.delete(namespace)
  }
}

module.exports = { Flights }
