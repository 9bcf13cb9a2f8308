'use strict'

// Loads under a right: the fetcher is called, and what it gives is stored.

const { Context, load } = require('./loader')
const { WHENEVER } = require('./store')
const { MISS } = require('./values')

/** @typedef {import('./cache-arguments').Plan} Plan */
/** @typedef {import('./errand').Errand} Errand */
/** @typedef {import('./judged').JudgedPlan} JudgedPlan */
/** @typedef {import('./rights').Right} Right */

class Loads {
  #writer
  #rights
  #flights
  #tally
  #report

  /**
   * @param {import('./writer').Writer} writer
   * @param {import('./rights').Rights} rights
   * @param {import('./flights').Flights} flights
   * @param {import('./tally').Tally} tally
   * @param {import('./report').Report} report
   */
  constructor(writer, rights, flights, tally, report) {
    this.#writer = writer
    this.#rights = rights
    this.#flights = flights
    this.#tally = tally
    this.#report = report
  }

  /**
   * Calls the fetcher and stores what it gives, or gives the lease back.
   * @param {Errand} errand
   * @param {Right} right
   */
  async load(errand, right) {
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
      if (decision === null) this.#rights.giveBack(errand, right.token, right.isRefresh && plan.judge !== undefined ? plan.restMs : 0)
      else if (await this.#keep(errand, right, value, decision, ms)) errand.mayBeOld = false
      this.#flights.hasLoaded(errand)
      return value
    } catch (error) {
      // What stands in for it is for those who have read it themselves.
      errand.mayBeOld = right.fallback !== MISS
      this.#loadFailed(errand, right, error, performance.now() - begun)
      if (right.fallback === MISS) throw error
      return right.isRefresh ? MISS : errand.serveStale(right.fallback, this.#tally)
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
    this.#rights.giveBack(errand, right.token, plan.restMs)
    this.#flights.hasLoaded(errand)
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
        this.#rights.giveBack(errand, right.token, 0)
        return false
      }
      const stored = await this.#writer.keep(errand.key, value, plan.namespace, decision, { loadMs, token: right.token, epoch })
      // One whose tags were invalidated may still hold its lease.
      if (!stored) this.#rights.giveBack(errand, right.token, 0)
      return stored
    } catch (error) {
      this.#report.failed(error, { operation: 'set', key: errand.key, namespace: errand.namespace })
      this.#rights.giveBack(errand, right.token, 0)
      return false
    }
  }
}

module.exports = { Loads }
