'use strict'

// Single flight: one read and one load for all callers of a key, in this process.
//
// What was read or loaded is shared only by those who may have it: callers of the same turn of the event loop, who asked together, and
// later ones who have read that the lease of the load still holds, so that nothing was invalidated since.

const { beginTurn } = require('./turn')

const NEVER = new Promise(() => {})

/**
 * On which terms a value was asked for: whoever has others must not be given it.
 * @typedef {{ readonly reader: unknown, readonly stale: boolean }} Terms
 */

/** A read, and on a miss a load, that others may share. Whoever begins it sets its promise. */
class Flight {
  /** Of the lease under which it loads; 0 while it has none. */
  token = 0
  /** One of its tags may have been invalidated while it loaded. */
  mayBeOld = false
  /** @type {Promise<any>} */
  promise = NEVER
  /** What is loaded, where `promise` may be something else before. @type {Promise<any> | null} */
  loads = null
  /** Until when the lease lasts under which it loads. */
  until = 0

  /**
   * @param {string} namespace
   * @param {string} key
   * @param {Terms} terms
   */
  constructor(namespace, key, terms) {
    this.namespace = namespace
    this.key = key
    this.terms = terms
  }

  /** @returns {Promise<any>} */
  loading() {
    return this.loads ?? this.promise
  }
}

/** @type {WeakMap<object, Map<string, Flights>>} */
const known = new WeakMap()

class Flights {
  // Two steps, because joining the two names to one costs more than the rest of a hit.
  /** @type {Map<string, Map<string, Flight>>} of this turn, by namespace, then by key */
  #turn = new Map()
  #isBegun = false
  /** @type {Map<number, Flight>} by the token of their lease */
  #loading = new Map()
  /** @type {Map<string, Map<string, number>>} keys that are being refreshed, by namespace, and until when */
  #refreshing = new Map()

  /**
   * Those of a key space: all objects over one client and prefix share them.
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
   * One that was begun in this turn, on the same terms.
   * @param {string} namespace
   * @param {string} key
   * @param {Terms} terms
   */
  together(namespace, key, terms) {
    if (!this.#isBegun) return undefined
    const flight = this.#turn.get(namespace)?.get(key)
    return flight !== undefined && isSame(flight.terms, terms) ? flight : undefined
  }

  /**
   * One that loads under a lease that was seen to hold.
   * @param {number} token
   * @param {Terms} terms
   */
  under(token, terms) {
    const flight = token === 0 ? undefined : this.#loading.get(token)
    return flight !== undefined && isSame(flight.terms, terms) && performance.now() < flight.until ? flight : undefined
  }

  /** @param {Flight} flight to be shared by those who come in this turn */
  begin(flight) {
    if (!this.#isBegun) {
      this.#isBegun = true
      beginTurn(this)
    }
    let space = this.#turn.get(flight.namespace)
    if (space === undefined) this.#turn.set(flight.namespace, (space = new Map()))
    space.set(flight.key, flight)
  }

  endTurn() {
    this.#isBegun = false
    // Not cleared: a map that is cleared leads from its old table, with all that was in it, to its new one, and where one of them has grown old
    // the garbage collector takes all behind it for living.
    this.#turn = new Map()
  }

  /**
   * @param {Flight} flight
   * @param {number} token
   * @param {number} leaseMs
   */
  loads(flight, token, leaseMs) {
    flight.token = token
    flight.until = performance.now() + leaseMs
    this.#loading.set(token, flight)
  }

  /** @param {Flight} flight */
  hasLoaded(flight) {
    this.#loading.delete(flight.token)
  }

  /**
   * Something is written: what was read or loaded before is for nobody who asks from now on.
   * @param {string} namespace
   * @param {string} key
   */
  part(namespace, key) {
    if (this.#isBegun) this.#turn.get(namespace)?.delete(key)
  }

  /** @param {string} namespace */
  partAll(namespace) {
    if (this.#isBegun) this.#turn.delete(namespace)
  }

  /** All that was begun in this turn, whatever it is about. */
  partFromAll() {
    this.#turn = new Map()
  }

  /**
   * Whether nobody here refreshes the key yet: then the caller does, for as long as its lease lasts, and the result is to be given to
   * `hasRefreshed`.
   * @param {string} namespace
   * @param {string} key
   * @param {number} leaseMs
   */
  refreshes(namespace, key, leaseMs) {
    const space = this.#refreshing.get(namespace)
    const now = performance.now()
    if (now < (space?.get(key) ?? 0)) return null
    const until = now + leaseMs
    if (space === undefined) this.#refreshing.set(namespace, new Map([[key, until]]))
    else space.set(key, until)
    return until
  }

  /**
   * @param {string} namespace
   * @param {string} key
   * @param {number} until
   */
  hasRefreshed(namespace, key, until) {
    const space = this.#refreshing.get(namespace)
    // Another has taken over from one that hung.
    if (space?.get(key) !== until) return
    space.delete(key)
    // A namespace may be a user's id: it must leave nothing behind.
    if (space.size === 0) this.#refreshing.delete(namespace)
  }
}

/**
 * @param {Terms} one
 * @param {Terms} other
 */
function isSame(one, other) {
  return one === other || (one.reader === other.reader && one.stale === other.stale)
}

module.exports = { Flight, Flights }
