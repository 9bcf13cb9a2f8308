'use strict'

// `getOrSet`: a read, and on a miss a load whose value is stored. `docs/design.md` has the states and why they are right.

const { until } = require('./abort')
const { Expectation } = require('./expectation')
const { Errand } = require('./errand')
const { VERDICT } = require('./judged')
const { within } = require('./loader')
const { Loads } = require('./loads')
const { KIND, Odd } = require('./odd')
const { Rights, UNLEASED, newToken } = require('./rights')
const { ASK, ANSWER } = require('./store')
const { MISS } = require('./values')

/** @typedef {import('./cache-arguments').Plan} Plan */
/** @typedef {import('./judged').JudgedPlan} JudgedPlan */
/** @typedef {import('./judged').Verdict} Verdict */
/** @typedef {import('./loader').Fetcher} Fetcher */

class ReadThrough {
  #reader
  #rights
  #loads
  #flights
  #tally
  #report
  /** How long a lease lasts, in ms. */
  #leaseMs
  #expectation = new Expectation()
  /** For callers whose values are read in the same way, with and without a stale life. */
  #terms

  /**
   * @param {import('./reader').Reader} reader reads with the cache's own settings
   * @param {import('./writer').Writer} writer and writes with them
   * @param {import('./store').Store} store
   * @param {import('./flights').Flights} flights
   * @param {import('./tally').Tally} tally
   * @param {import('./report').Report} report
   */
  constructor(reader, writer, store, flights, tally, report) {
    this.#reader = reader
    this.#rights = new Rights(reader, store, flights, tally, report)
    this.#loads = new Loads(writer, this.#rights, flights, tally, report)
    this.#leaseMs = store.leaseMs
    this.#flights = flights
    this.#tally = tally
    this.#report = report
    this.#terms = { fresh: { reader: reader.terms, stale: false }, stale: { reader: reader.terms, stale: true } }
  }

  /**
   * @param {string} space the namespace, the cache's own included
   * @param {string} key
   * @param {Fetcher} fetcher
   * @param {Plan & Partial<JudgedPlan>} plan
   * @returns {Promise<any>}
   */
  get(space, key, fetcher, plan) {
    const { signal, forceFresh } = plan
    if (signal !== undefined && signal.aborted) return Promise.reject(signal.reason)
    const terms = plan.terms !== undefined ? { reader: plan.terms, stale: false } : plan.staleMs > 0 ? this.#terms.stale : this.#terms.fresh
    let flight = forceFresh ? undefined : this.#flights.together(space, key, terms)
    if (flight !== undefined) {
      this.#tally.counts.coalesced++
    } else {
      const errand = new Errand(this, space, key, terms, fetcher, plan)
      this.#flights.begin(errand)
      errand.promise = forceFresh ? this.#loadAnew(errand) : this.#mayAskFirst(plan) ? this.#askFirst(errand) : this.#reader.read(key, plan, errand)
      flight = errand
    }
    if (plan.answered !== undefined) /** @type {Errand} */ (flight).whenAnswered(plan.answered)
    return signal === undefined ? flight.promise : until(signal, flight.promise)
  }

  /**
   * Whether the right to load may be asked for before anything is read: where it is likely to be needed, and a value that is there says by itself all that the caller wants.
   * @param {Plan} plan
   */
  #mayAskFirst({ ttlMs, staleMs, beta, leased }) {
    return this.#expectation.isMiss && leased && ttlMs > 0 && staleMs === 0 && beta === 0 && !this.#reader.isNear
  }

  /**
   * A read and the right to load in one: what is there is given in place of the right, as a read would have given it.
   * @param {Errand} errand
   */
  async #askFirst(errand) {
    const { key, plan } = errand
    const token = newToken()
    this.#flights.loads(errand, token, this.#leaseMs)
    let given
    try {
      given = await this.#rights.lease(errand, token, ASK.MISS, 0)
    } catch (error) {
      return errand.recover(error)
    }
    const [answer, stored, epoch] = given
    if (answer === ANSWER.GRANTED) {
      errand.tell()
      this.#expectation.saw(true)
      this.#tally.missed()
      const fallback = stored === null ? MISS : await this.#reader.fallback(stored, 0)
      return this.#loads.load(errand, { token, epoch, fallback, isRefresh: false })
    }
    this.#flights.hasLoaded(errand)
    // What is not ours is read, and is nothing.
    return stored === null ? this.#reader.read(key, plan, errand) : errand.decode(stored)
  }

  /**
   * @param {Errand} errand
   * @param {any} stored
   */
  answered(errand, stored) {
    return this.#reader.judge(stored, errand.copy, (found) => this.#found(errand, found))
  }

  /**
   * The value, or the promise of one.
   * @param {Errand} errand
   * @param {any} found a value, `MISS`, or what is odd
   */
  #found(errand, found) {
    this.#expectation.saw(found === MISS)
    if (found === MISS) return this.#missed(errand, ASK.MISS)
    if (!(found instanceof Odd)) return errand.plan.judge === undefined ? found : this.#judged(errand, found, errand.plan.judge(found))
    switch (found.kind) {
      case KIND.LEASED:
        return this.#joined(errand, found.token) ?? this.#missed(errand, ASK.MISS)
      case KIND.EARLY:
        void this.#refresh(errand, ASK.REFRESH, found.value)
        return found.value
      case KIND.STALE:
        return this.#stale(errand, found)
      default:
        // It is there, and cannot be used: it is to be replaced.
        return this.#missed(errand, ASK.REFRESH)
    }
  }

  /**
   * @param {Errand} errand
   * @param {any} value
   * @param {Verdict} verdict
   */
  #judged(errand, value, verdict) {
    if (verdict === VERDICT.USE) return value
    if (verdict === VERDICT.REFRESH) {
      void this.#refresh(errand, ASK.REFRESH, value)
      return value
    }
    return this.#missed(errand, ASK.REFRESH, MISS, verdict === VERDICT.REPLACE ? errand.plan.waitMs : 0)
  }

  /**
   * The load that holds this lease, where it is one of ours: its key cannot have been written or deleted since it began. Of its tags only the
   * store knows, so what was not stored for them is not for those who came later.
   * @param {Errand} errand
   * @param {number} token
   */
  #joined(errand, token) {
    const flight = this.#flights.under(token, errand.terms)
    if (flight === undefined || !errand.plan.leased) return undefined
    this.#tally.counts.coalesced++
    const { key, plan } = errand
    // Not with the signal of one caller, since all of this turn share the errand.
    const again = () => this.get(flight.namespace, key, (context) => errand.fetch(context), { ...plan, signal: undefined })
    return flight.loading().then((value) => (flight.mayBeOld ? again() : value))
  }

  /**
   * @param {Errand} errand
   * @param {Odd} found
   */
  #stale(errand, { value, token, isInvalidated }) {
    const { staleMs, softMs } = errand.plan
    if (isInvalidated || staleMs === 0) {
      this.#tally.missed()
      if (!isInvalidated) return this.#missed(errand, ASK.MISS)
      const fresh = this.#joined(errand, token) ?? this.#missed(errand, ASK.MISS, value)
      // Whoever joins has not read the old value, and is not to get it because the time is up.
      errand.loads = fresh
      return softMs === 0 ? fresh : within(softMs, fresh, () => errand.serveStale(value, this.#tally))
    }
    const refreshed = this.#refresh(errand, ASK.STALE, value)
    if (softMs === 0) return errand.serveStale(value, this.#tally)
    return within(softMs, refreshed, () => MISS).then((fresh) => (fresh === MISS ? errand.serveStale(value, this.#tally) : fresh))
  }

  /**
   * Loads again behind a value that is there, once at a time. Never rejects: `MISS` says that it was not to be, or failed.
   * @param {Errand} errand
   * @param {number} how
   * @param {any} value
   */
  async #refresh(errand, how, value) {
    const { namespace, key } = errand
    const until = this.#flights.refreshes(namespace, key, this.#leaseMs)
    if (until === null) return MISS
    try {
      this.#tally.counts.refreshes++
      const right = await this.#rights.ask(errand, how, 0, true)
      if (right.token === 0) return MISS
      return await this.#loads.load(errand, { ...right, fallback: value })
    } catch (error) {
      this.#report.failed(error, { operation: 'load', key, namespace })
      return MISS
    } finally {
      this.#flights.hasRefreshed(namespace, key, until)
    }
  }

  /**
   * Nothing could be read.
   * @param {Errand} errand
   * @param {any} error
   */
  async unread(errand, error) {
    // A step later, so that no fetcher runs before its flight can be joined.
    await undefined
    if (errand.plan.judge !== undefined && error?.serverCode === 'WRONGTYPE') this.#tally.counts.unreadable++
    this.#report.failed(error, { operation: 'get', key: errand.key, namespace: errand.namespace })
    try {
      return await this.#loads.load(errand, UNLEASED)
    } finally {
      // Where nothing was waited for, its turn may go on behind it; whoever comes now loads anew.
      this.#flights.part(errand.namespace, errand.key)
    }
  }

  /**
   * @param {Errand} errand
   * @param {number} how
   * @param {any} [fallback] what was read, and may be given should the load fail
   * @param {number} [waitMs]
   */
  async #missed(errand, how, fallback = MISS, waitMs = errand.plan.waitMs) {
    if (errand.plan.ttlMs === 0) return this.#loads.load(errand, { ...UNLEASED, fallback })
    const right = await this.#rights.ask(errand, errand.plan.leased ? how : ASK.FORCE, waitMs, false)
    if ('found' in right) return right.found
    return this.#loads.load(errand, right.fallback === MISS ? { ...right, fallback } : right)
  }

  /** @param {Errand} errand */
  async #loadAnew(errand) {
    // A step later, so that no fetcher runs before its flight can be joined.
    await undefined
    if (errand.plan.ttlMs === 0) return this.#loads.load(errand, UNLEASED)
    return this.#loads.load(errand, await this.#rights.ask(errand, ASK.FORCE, 0, false))
  }
}

module.exports = { ReadThrough }
