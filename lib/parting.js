'use strict'

// What this process has of keys that are written or invalidated is old from then on: loads under way, shared reads, copies in memory.

class Parting {
  #namespace
  #flights
  #reader
  #writes
  #near
  #tally

  /**
   * @param {string} namespace of who says none
   * @param {import('./flights').Flights} flights
   * @param {import('./reader').Reader} reader
   * @param {import('./own-writes').OwnWrites} writes
   * @param {import('./near').Near | null} near
   * @param {import('./tally').Tally} tally
   */
  constructor(namespace, flights, reader, writes, near, tally) {
    this.#namespace = namespace
    this.#flights = flights
    this.#reader = reader
    this.#writes = writes
    this.#near = near
    this.#tally = tally
  }

  /**
   * @param {string} key
   * @param {string | undefined} namespace
   */
  from(key, namespace) {
    this.#flights.part(namespace ?? this.#namespace, key)
    this.#reader.part(key, namespace)
    this.#near?.drop(key, namespace)
  }

  /**
   * Runs an invalidation within a namespace; which keys it concerns is the server's to say. How many it were.
   * @param {string | undefined} namespace
   * @param {() => Promise<number>} invalidate
   */
  fromAll(namespace, invalidate) {
    return this.#around(() => {
      this.#flights.partAll(namespace ?? this.#namespace)
      this.#writes.moveAll(namespace ?? this.#namespace)
    }, invalidate)
  }

  /**
   * As `fromAll` for all namespaces.
   * @param {() => Promise<number>} invalidate
   */
  fromEverything(invalidate) {
    return this.#around(() => {
      this.#flights.partFromAll()
      this.#writes.moveEverything()
    }, invalidate)
  }

  /**
   * Before it and behind it: what was read meanwhile may be from before.
   * @param {() => void} part
   * @param {() => Promise<number>} invalidate
   */
  async #around(part, invalidate) {
    const partAll = () => {
      part()
      this.#reader.partAll()
      this.#near?.clear()
    }
    partAll()
    try {
      const count = await invalidate()
      this.#tally.invalidated(count)
      return count
    } finally {
      partAll()
    }
  }
}

module.exports = { Parting }
