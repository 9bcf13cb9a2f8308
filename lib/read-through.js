'use strict'

// `getOrSet`: a read, and on a miss a load whose value is stored, shared by all who ask for the key meanwhile.

const { until } = require('./abort')
const { MISS } = require('./store')

/** @typedef {import('./flights').Flight} Flight */
/** @typedef {import('./cache-arguments').Plan} Plan */
/** @typedef {(context: import('../index').FetchContext) => any} Fetcher */

class ReadThrough {
  #store
  #flights
  #tally
  #save
  #onError
  #warned = false

  /**
   * @param {import('./store').Store} store
   * @param {import('./flights').Flights} flights
   * @param {import('./tally').Tally} tally
   * @param {(key: string, stored: string | Uint8Array, ttlMs: number, namespace: string | undefined) => Promise<void>} save
   * @param {import('../index').CacheOptions['onError']} onError
   */
  constructor(store, flights, tally, save, onError) {
    this.#store = store
    this.#flights = flights
    this.#tally = tally
    this.#save = save
    this.#onError = onError
  }

  /**
   * @param {string} space the namespace, the cache's own included
   * @param {string} key
   * @param {Fetcher} fetcher
   * @param {Plan} plan
   * @returns {Promise<any>}
   */
  get(space, key, fetcher, plan) {
    const { signal, forceFresh } = plan
    if (signal?.aborted) return Promise.reject(signal.reason)
    let flight = forceFresh ? undefined : this.#flights.get(space, key)
    if (flight !== undefined) {
      this.#tally.counts.coalesced++
    } else {
      flight = this.#flights.begin(space, key)
      flight.promise = this.#fly(flight, key, fetcher, plan)
    }
    return signal === undefined ? flight.promise : until(signal, flight.promise)
  }

  /**
   * @param {Flight} flight
   * @param {string} key
   * @param {Fetcher} fetcher
   * @param {Plan} plan
   */
  async #fly(flight, key, fetcher, { ttlMs, namespace, forceFresh }) {
    let reachable = true
    try {
      try {
        // A step later in either case, so that no fetcher runs before its flight can be joined.
        const found = forceFresh ? await MISS : await this.#store.get(key, namespace, this.#tally.found)
        if (found !== MISS) return found
      } catch (error) {
        reachable = false
        this.#failed(error, { operation: 'get', key, namespace: flight.namespace })
      }
      const value = await this.#load(fetcher, { key, namespace: flight.namespace })
      if (reachable && value !== undefined && ttlMs > 0 && !flight.revoked) await this.#keep(flight, key, value, ttlMs, namespace)
      return value
    } finally {
      this.#flights.end(flight)
    }
  }

  /**
   * @param {Flight} flight
   * @param {string} key
   * @param {unknown} value
   * @param {number} ttlMs
   * @param {string | undefined} namespace
   */
  async #keep(flight, key, value, ttlMs, namespace) {
    try {
      await this.#save(key, this.#store.encode(value), ttlMs, namespace)
    } catch (error) {
      this.#failed(error, { operation: 'set', key, namespace: flight.namespace })
    }
  }

  /**
   * @param {Fetcher} fetcher
   * @param {import('../index').FetchContext} context
   */
  async #load(fetcher, context) {
    this.#tally.counts.loads++
    try {
      return await fetcher(context)
    } catch (error) {
      this.#tally.counts.loadFailures++
      throw error
    }
  }

  /**
   * The cache failed and the caller is served all the same, whatever `onError` does.
   * @param {any} error
   * @param {{ operation: 'get' | 'set', key: string, namespace: string }} info
   */
  #failed(error, info) {
    this.#tally.counts.errors++
    if (this.#onError !== undefined) void this.#tell(this.#onError, error, info)
  }

  /**
   * Async, so that neither what `onError` throws nor what it returns, should it be async against its type, ends the process.
   * @param {(error: any, info: any) => unknown} onError
   * @param {any} error
   * @param {object} info
   */
  async #tell(onError, error, info) {
    try {
      await onError(error, info)
    } catch (thrown) {
      this.#warn(thrown)
    }
  }

  /** @param {unknown} thrown */
  #warn(thrown) {
    if (this.#warned) return
    this.#warned = true
    const detail = thrown instanceof Error ? thrown.stack : undefined
    process.emitWarning("a cache's onError threw; this is said once", { type: 'RedwrightWarning', code: 'REDWRIGHT_ON_ERROR', detail })
  }
}

module.exports = { ReadThrough }
