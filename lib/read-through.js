'use strict'

// `getOrSet`: a read, and on a miss a load whose value is stored. `docs/design.md` has the states and why they are right.

const { until } = require('./abort')
const { Expectation } = require('./expectation')
const { Errand } = require('./errand')
const { Context, load, within } = require('./loader')
const { KIND, Odd } = require('./odd')
const { ASK, ANSWER, WHENEVER } = require('./store')
const { MISS } = require('./values')

/** @typedef {import('./cache-arguments').Plan} Plan */
/** @typedef {import('./loader').Fetcher} Fetcher */
/** @typedef {ReturnType<import('./loader').Context['decide']>} Decision */

/**
 * What a pattern that knows its values makes of one that is there: it is given; or given, and loaded again behind that; or replaced before anything is
 * given; or the same, and nobody waits while another loads.
 */
const VERDICT = /** @type {const} */ ({ USE: 0, REFRESH: 1, REPLACE: 2, REPLACE_ALONE: 3 })
/** @typedef {0 | 1 | 2 | 3} Verdict */

/**
 * How such a pattern reads: `judge` says what becomes of a value. `ahead` is called when a load is about to be stored, and stores other entries before it by `keep`, on
 * the same epoch; where it gives `false`, the load is not stored. `answered` is told when the store has answered the read. Callers with the same `terms` share.
 * @typedef {Plan & {
 *   terms: object,
 *   judge: (value: any) => Verdict,
 *   answered?: () => void,
 *   ahead?: (keep: (key: string, value: unknown, decision: NonNullable<Decision>) => Promise<boolean>) => Promise<boolean>,
 * }} JudgedPlan
 */

/** Most tokens fit a double; none is 0. */
const newToken = () => Math.floor(Math.random() * (2 ** 53 - 1)) + 1

/**
 * A right to load, and what to give should the load fail, `MISS` for nothing. Without a token there is none: what is loaded is not stored.
 * @typedef {{ token: number, epoch: number, fallback: any, isRefresh: boolean }} Right
 */

class ReadThrough {
  #reader
  #writer
  #store
  #flights
  #tally
  #report
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
    this.#writer = writer
    this.#store = store
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
    this.#flights.loads(errand, token, this.#store.leaseMs)
    let given
    try {
      given = await this.#lease(errand, token, ASK.MISS, 0)
    } catch (error) {
      return errand.recover(error)
    }
    const [answer, stored, epoch] = given
    if (answer === ANSWER.GRANTED) {
      errand.tell()
      this.#expectation.saw(true)
      this.#tally.missed()
      const fallback = stored === null ? MISS : await this.#reader.fallback(stored, 0)
      return this.#load(errand, { token, epoch, fallback, isRefresh: false })
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
      return softMs === 0 ? fresh : within(softMs, fresh, () => this.#serveStale(errand, value))
    }
    const refreshed = this.#refresh(errand, ASK.STALE, value)
    if (softMs === 0) return this.#serveStale(errand, value)
    return within(softMs, refreshed, () => MISS).then((fresh) => (fresh === MISS ? this.#serveStale(errand, value) : fresh))
  }

  /**
   * @param {Errand} errand
   * @param {any} value
   */
  #serveStale(errand, value) {
    if (errand.isServedStale) return value
    errand.isServedStale = true
    this.#tally.stale(1)
    return value
  }

  /**
   * Loads again behind a value that is there, once at a time. Never rejects: `MISS` says that it was not to be, or failed.
   * @param {Errand} errand
   * @param {number} how
   * @param {any} value
   */
  async #refresh(errand, how, value) {
    const { namespace, key } = errand
    const until = this.#flights.refreshes(namespace, key, this.#store.leaseMs)
    if (until === null) return MISS
    try {
      this.#tally.counts.refreshes++
      const right = await this.#ask(errand, how, 0, true)
      if (right.token === 0) return MISS
      return await this.#load(errand, { ...right, fallback: value })
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
      return await this.#load(errand, UNLEASED)
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
    if (errand.plan.ttlMs === 0) return this.#load(errand, { ...UNLEASED, fallback })
    const right = await this.#ask(errand, errand.plan.leased ? how : ASK.FORCE, waitMs, false)
    if ('found' in right) return right.found
    return this.#load(errand, right.fallback === MISS ? { ...right, fallback } : right)
  }

  /** @param {Errand} errand */
  async #loadAnew(errand) {
    // A step later, so that no fetcher runs before its flight can be joined.
    await undefined
    if (errand.plan.ttlMs === 0) return this.#load(errand, UNLEASED)
    return this.#load(errand, await this.#ask(errand, ASK.FORCE, 0, false))
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
  async #ask(errand, how, waitMs, isRefresh) {
    const { plan } = errand
    const token = newToken()
    // Nobody joins a refresh: its flight has given the old value already.
    if (!isRefresh) this.#flights.loads(errand, token, this.#store.leaseMs)
    let given
    try {
      given = await this.#lease(errand, token, how, waitMs)
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
    if (answer === ANSWER.RESTING && fallback !== MISS) return { ...none, found: this.#serveStale(errand, fallback) }
    // What is there, or has come meanwhile, cannot be used, and is to be replaced.
    if (answer === ANSWER.FRESH && (how === ASK.MISS || waited)) return this.#ask(errand, ASK.REFRESH, waited ? 0 : waitMs, isRefresh)
    return none
  }

  /**
   * One that fails leaves no load behind.
   * @param {Errand} errand
   * @param {number} token
   * @param {number} how
   * @param {number} waitMs
   */
  async #lease(errand, token, how, waitMs) {
    const { namespace, tagged } = errand.plan
    try {
      return await this.#store.lease(errand.key, namespace, { token, how, waitMs, tagged })
    } catch (/** @type {any} */ error) {
      this.#flights.hasLoaded(errand)
      // It may have been granted, and nobody is to wait for nothing.
      if (error?.maybeExecuted) this.#giveBack(errand, token, 0)
      throw error
    }
  }

  /**
   * Calls the fetcher and stores what it gives, or gives the lease back.
   * @param {Errand} errand
   * @param {Right} right
   */
  async #load(errand, right) {
    const { plan } = errand
    const context = new Context(errand.key, errand.namespace, plan)
    context.isLeased = right.token !== 0
    const begun = performance.now()
    this.#tally.counts.loads++
    try {
      const value = await load((context) => errand.fetch(context), context, plan.hardMs)
      const ms = performance.now() - begun
      this.#tally.loaded(ms)
      const decision = context.decide(value)
      if (right.token === 0) return value
      errand.mayBeOld = plan.tagged || (decision !== null && decision.tags.length > 0)
      // Whoever gives nothing behind a caller who has his answer is not asked again at once.
      if (decision === null) this.#giveBack(errand, right.token, right.isRefresh && plan.judge !== undefined ? plan.restMs : 0)
      else if (await this.#keep(errand, right, value, decision, ms)) errand.mayBeOld = false
      this.#flights.hasLoaded(errand)
      return value
    } catch (error) {
      // What stands in for it is for those who have read it themselves.
      errand.mayBeOld = right.fallback !== MISS
      this.#loadFailed(errand, right, error, performance.now() - begun)
      if (right.fallback === MISS) throw error
      return right.isRefresh ? MISS : this.#serveStale(errand, right.fallback)
    }
  }

  /**
   * @param {Errand} errand
   * @param {Right} right
   * @param {unknown} error
   * @param {number} ms
   */
  #loadFailed(errand, right, error, ms) {
    this.#tally.loadFailed(ms)
    const { plan } = errand
    if (right.fallback !== MISS) {
      this.#report.failed(error, { operation: 'load', key: errand.key, namespace: errand.namespace })
    }
    this.#giveBack(errand, right.token, plan.restMs)
    this.#flights.hasLoaded(errand)
  }

  /**
   * Not waited for: it leaves before whatever the caller does next.
   * @param {Errand} errand
   * @param {number} token
   * @param {number} restMs
   */
  #giveBack({ key, plan }, token, restMs) {
    if (token === 0) return
    this.#store.abandon([key], token, restMs, plan.namespace).catch(() => {
      // It ends by itself.
    })
  }

  /**
   * @param {NonNullable<JudgedPlan['ahead']>} ahead
   * @param {Plan} plan
   * @param {Right} right
   */
  #keepAhead(ahead, { namespace }, { epoch }) {
    return ahead((key, value, decision) => {
      const terms = { loadMs: 0, token: 0, epoch: decision.tags.length > 0 ? epoch : WHENEVER }
      return this.#writer.keep(key, value, namespace, decision, terms)
    })
  }

  /**
   * Whether it is known to be stored.
   * @param {Errand} errand
   * @param {Right} right
   * @param {unknown} value
   * @param {{ ttlMs: number, staleMs: number, tags: readonly string[], negative: boolean }} decision
   * @param {number} ms
   */
  async #keep(errand, right, value, decision, ms) {
    const { plan } = errand
    try {
      const loadMs = plan.beta > 0 ? Math.max(1, Math.round(ms)) : 0
      const epoch = decision.tags.length > 0 ? right.epoch : WHENEVER
      if (plan.ahead !== undefined && !(await this.#keepAhead(plan.ahead, plan, right))) {
        this.#giveBack(errand, right.token, 0)
        return false
      }
      const stored = await this.#writer.keep(errand.key, value, plan.namespace, decision, { loadMs, token: right.token, epoch })
      // One whose tags were invalidated may still hold its lease.
      if (!stored) this.#giveBack(errand, right.token, 0)
      return stored
    } catch (error) {
      this.#report.failed(error, { operation: 'set', key: errand.key, namespace: errand.namespace })
      this.#giveBack(errand, right.token, 0)
      return false
    }
  }
}

/**
 * @param {Plan & Partial<JudgedPlan>} plan
 * @param {any} value
 */
function isUsable(plan, value) {
  return plan.judge === undefined || plan.judge(value) <= VERDICT.REFRESH
}

/** @type {Right} */
const UNLEASED = Object.freeze({ token: 0, epoch: WHENEVER, fallback: MISS, isRefresh: false })

module.exports = { ReadThrough, newToken, VERDICT }
