'use strict'

// A call of `getOrSet` under way.

const { AsyncResource } = require('node:async_hooks')
const { Flight } = require('./flights')

/** It is one object among several of a call, and nobody asks when it ends. */
const UNTOLD = { requireManualDestroy: true }

/** @typedef {import('./cache-arguments').Plan} Plan */
/** @typedef {import('./loader').Fetcher} Fetcher */

/** One call of `getOrSet`, shared by those who ask for the same. It is what the native call answers, so that a hit makes few objects. */
class Errand extends Flight {
  #owner
  /** Of whoever asks: an answer comes from the event loop, in the context of nobody. */
  #scope = new AsyncResource('RedwrightLoad', UNTOLD)
  /** What the read is for, where it is for a copy in memory. @type {import('./reader').Copy | null} */
  copy = null
  #isServedStale = false
  /** Who wants to know when the store has answered the read; `null` when it has. @type {(() => void)[] | null | undefined} */
  #waiting = undefined

  /**
   * @param {import('./read-through').ReadThrough} owner
   * @param {string} namespace
   * @param {string} key
   * @param {import('./flights').Terms} terms
   * @param {Fetcher} fetcher
   * @param {Plan & Partial<import('./judged').JudgedPlan>} plan
   */
  constructor(owner, namespace, key, terms, fetcher, plan) {
    super(namespace, key, terms)
    this.#owner = owner
    this.fetcher = fetcher
    this.plan = plan
  }

  /**
   * Calls the fetcher in the context in which it was given.
   * @param {import('../index').FetchContext} context
   */
  fetch(context) {
    return this.#scope.runInAsyncScope(this.fetcher, undefined, context)
  }

  /** @param {any} stored */
  decode(stored) {
    this.tell()
    return this.#owner.answered(this, stored)
  }

  /** @param {any} error */
  recover(error) {
    this.tell()
    return this.#owner.unread(this, error)
  }

  /** @param {() => void} callback */
  whenAnswered(callback) {
    if (this.#waiting === null) callback()
    else (this.#waiting ??= []).push(callback)
  }

  /**
   * A stale value, which is counted once however often it is given.
   * @param {any} value
   * @param {import('./tally').Tally} tally
   */
  serveStale(value, tally) {
    if (!this.#isServedStale) tally.stale(1)
    this.#isServedStale = true
    return value
  }

  /** The store has answered. */
  tell() {
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting) for (const callback of waiting) callback()
  }
}

module.exports = { Errand }
