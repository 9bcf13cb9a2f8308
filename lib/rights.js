'use strict'

// Rights to load: how they are asked for in Redis, and given back.

const { isUsable } = require('./judged')
const { ASK, ANSWER, WHENEVER } = require('./store')
const { MISS } = require('./values')

/** @typedef {import('./errand').Errand} Errand */

/** Most tokens fit a double; none is 0. */
const newToken = () => Math.floor(Math.random() * (2 ** 53 - 1)) + 1

/**
 * A right to load, and what to give should the load fail, `MISS` for nothing. Without a token there is none: what is loaded is not stored.
 * @typedef {{ token: number, epoch: number, fallback: any, isRefresh: boolean }} Right
 */

/** @type {Right} */
const UNLEASED = Object.freeze({ token: 0, epoch: WHENEVER, fallback: MISS, isRefresh: false })

class Rights {
  #reader
  #store
  #flights
  #tally
  #report

  /**
   * @param {import('./reader').Reader} reader
   * @param {import('./store').Store} store
   * @param {import('./flights').Flights} flights
   * @param {import('./tally').Tally} tally
   * @param {import('./report').Report} report
   */
  constructor(reader, store, flights, tally, report) {
    this.#reader = reader
    this.#store = store
    this.#flights = flights
    this.#tally = tally
    this.#report = report
  }

  /**
   * Asks for the right to load. A value that has come meanwhile is `found`; a right without a token says that another has it, or that nobody
   * could be asked.
   * @param {Errand} errand
   * @param {number} how
   * @param {number} waitMs
   * @param {boolean} isRefresh
   * @returns {Promise<Right & { found?: any }>}
   */
  async ask(errand, how, waitMs, isRefresh) {
    const { plan } = errand
    const token = newToken()
    // Nobody joins a refresh: its flight has given the old value already.
    if (!isRefresh) this.#flights.loads(errand, token, this.#store.leaseMs)
    let given
    try {
      given = await this.lease(errand, token, how, waitMs)
    } catch (error) {
      // What is loaded now is not stored.
      this.#report.failed(error, { operation: 'set', key: errand.key, namespace: errand.namespace })
      return { ...UNLEASED, isRefresh }
    }
    const [answer, stored, epoch, waited] = given
    if (waited) this.#tally.counts.leaseWaits++
    const fallback = stored === null || isRefresh ? MISS : await this.#reader.fallback(stored, plan.staleMs)
    if (answer === ANSWER.GRANTED) return { token, epoch, fallback, isRefresh }
    this.#flights.hasLoaded(errand)
    const none = { ...UNLEASED, isRefresh, fallback }
    if (isRefresh) return none
    const value = answer === ANSWER.FRESH ? await this.#reader.accept(stored) : MISS
    if (value !== MISS && isUsable(plan, value)) return { ...none, found: value }
    if (answer === ANSWER.RESTING && fallback !== MISS) return { ...none, found: errand.serveStale(fallback, this.#tally) }
    // What is there, or has come meanwhile, cannot be used, and is to be replaced.
    if (answer === ANSWER.FRESH && (how === ASK.MISS || waited)) return this.ask(errand, ASK.REFRESH, waited ? 0 : waitMs, isRefresh)
    return none
  }

  /**
   * One that fails leaves no load behind.
   * @param {Errand} errand
   * @param {number} token
   * @param {number} how
   * @param {number} waitMs
   */
  async lease(errand, token, how, waitMs) {
    const { namespace, tagged } = errand.plan
    try {
      return await this.#store.lease(errand.key, namespace, { token, how, waitMs, tagged })
    } catch (/** @type {any} */ error) {
      this.#flights.hasLoaded(errand)
      // It may have been granted, and nobody is to wait for nothing.
      if (error?.maybeExecuted) this.giveBack(errand, token, 0)
      throw error
    }
  }

  /**
   * @param {Errand} errand
   * @param {number} token
   * @param {number} restMs
   */
  giveBack({ key, plan }, token, restMs) {
    this.#store.abandon([key], token, restMs, plan.namespace)
  }
}

module.exports = { Rights, UNLEASED, newToken }
