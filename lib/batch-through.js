'use strict'

// `getOrSetMany`: one read, one question for leases, one call of the fetcher for all that is missing, one store.

const { isMap } = require('node:util/types')
const { until } = require('./abort')
const { typeError, kindOf } = require('./errors')
const { Context, load } = require('./loader')
const { Odd } = require('./odd')
const { newToken } = require('./rights')
const { ASK, ANSWER, WHENEVER } = require('./store')
const { MISS } = require('./values')

/** @typedef {import('./cache-arguments').Plan} Plan */

/**
 * One call of `getOrSetMany`.
 * @typedef {{ space: string, keys: string[], fetcher: (missing: string[], context: any) => any, plan: Plan, values: Map<string, any> }} Errand
 */

/**
 * Keys that are loaded together, under one token (0 for none: what is loaded is not stored), and what may be given should the load fail.
 * @typedef {{ token: number, epoch: number, keys: string[], fallbacks: Map<string, any> }} Share
 *
 * A key, what was loaded for it, and how that is to be stored.
 * @typedef {{ key: string, value: any, decision: import('./writer').Decision | null }} Loaded
 */

class BatchThrough {
  #reader
  #writer
  #store
  #tally
  #report

  /**
   * @param {import('./reader').Reader} reader
   * @param {import('./writer').Writer} writer
   * @param {import('./store').Store} store
   * @param {import('./tally').Tally} tally
   * @param {import('./report').Report} report
   */
  constructor(reader, writer, store, tally, report) {
    this.#reader = reader
    this.#writer = writer
    this.#store = store
    this.#tally = tally
    this.#report = report
  }

  /**
   * @param {string} space
   * @param {string[]} keys each once
   * @param {(missing: string[], context: any) => any} fetcher
   * @param {Plan} plan
   * @returns {Promise<Map<string, any>>}
   */
  async get(space, keys, fetcher, plan) {
    const { signal } = plan
    if (signal?.aborted) throw signal.reason
    /** @type {Errand} */
    const errand = { space, keys, fetcher, plan, values: new Map() }
    const working = this.#serve(errand)
    await (signal === undefined ? working : until(signal, working))
    // In the order of the keys, whatever came first; what the fetcher did not give is not there.
    const { values } = errand
    return new Map(keys.filter((key) => values.has(key)).map((key) => [key, values.get(key)]))
  }

  /** @param {Errand} errand */
  async #serve(errand) {
    const { keys } = errand
    if (keys.length === 0) return
    const missing = errand.plan.forceFresh ? keys : await this.#read(errand, keys)
    if (missing === null || errand.plan.ttlMs === 0) return this.#load(errand, [unleased(missing ?? keys)])
    if (missing.length > 0) await this.#fill(errand, missing)
  }

  /**
   * Enters what is there, and gives the keys of what is not; `null` where nothing could be read.
   * @param {Errand} errand
   * @param {string[]} keys
   */
  async #read(errand, keys) {
    try {
      const found = await this.#reader.getMany(keys, errand.plan.namespace, (one) => one)
      return keys.filter((key, i) => {
        if (found[i] === MISS || found[i] instanceof Odd) return true
        errand.values.set(key, found[i])
        return false
      })
    } catch (error) {
      this.#failed(errand, 'get', keys[0], error)
      return null
    }
  }

  /**
   * @param {Errand} errand
   * @param {string[]} missing
   */
  async #fill(errand, missing) {
    const { plan } = errand
    const sorted = { mine: share(newToken(), WHENEVER), nobodys: unleased([]), others: /** @type {string[]} */ ([]) }
    const unusable = await this.#ask(errand, missing, plan.forceFresh || !plan.leased ? ASK.FORCE : ASK.MISS, sorted)
    // What is there and cannot be used is to be replaced.
    if (unusable.length > 0) await this.#ask(errand, unusable, ASK.REFRESH, sorted)
    // While others load theirs.
    const awaited = sorted.others.map((key) => this.#await(errand, key))
    try {
      await this.#load(errand, [sorted.mine, sorted.nobodys])
    } catch (error) {
      // What is granted to this call from now on, it does not load.
      for (const one of awaited) void one.then((granted) => granted && this.#giveBack(errand, granted.token, granted.keys, 0))
      throw error
    }
    const left = await Promise.all(awaited)
    await this.#load(errand, left.filter((one) => one !== null))
  }

  /**
   * Asks for leases and enters what is given. Gives the keys of what is there and cannot be used.
   * @param {Errand} errand
   * @param {string[]} keys
   * @param {number} how
   * @param {{ mine: Share, nobodys: Share, others: string[] }} sorted
   * @returns {Promise<string[]>}
   */
  async #ask(errand, keys, how, { mine, nobodys, others }) {
    const { plan } = errand
    let answers
    try {
      answers = await this.#store.leaseMany(keys, plan.namespace, { token: mine.token, how, tagged: plan.tagged })
    } catch (error) {
      this.#failed(errand, 'set', keys[0], error)
      // Of some it may have been granted.
      this.#giveBack(errand, mine.token, keys, 0)
      for (const key of keys) nobodys.keys.push(key)
      return []
    }
    // The first is the earliest, so that it is before the load in any case.
    if (mine.epoch === WHENEVER) mine.epoch = answers[0][2]
    /** @type {string[]} */
    const unusable = []
    for (const [i, key] of keys.entries()) {
      const [answer, stored] = answers[i]
      if (answer === ANSWER.BUSY) others.push(key)
      else if (answer === ANSWER.GRANTED) enter(mine, key, await this.#fallback(errand, stored))
      else if (await this.#isServed(errand, key, answer, stored)) continue
      else if (answer === ANSWER.FRESH && how === ASK.MISS) unusable.push(key)
      else enter(nobodys, key, MISS)
    }
    return unusable
  }

  /**
   * Enters what was given in place of a lease: a fresh value, or a stale one while loads rest. Whether there was one.
   * @param {Errand} errand
   * @param {string} key
   * @param {number} answer
   * @param {any} stored
   */
  async #isServed(errand, key, answer, stored) {
    const isResting = answer === ANSWER.RESTING
    if (!isResting && answer !== ANSWER.FRESH) return false
    const value = isResting ? await this.#fallback(errand, stored) : await this.#reader.accept(stored)
    if (value === MISS) return false
    if (isResting) this.#tally.stale(1)
    errand.values.set(key, value)
    return true
  }

  /**
   * Waits for another's load of one key; gives a share to load where that brings no value. Never rejects.
   * @param {Errand} errand
   * @param {string} key
   * @returns {Promise<Share | null>}
   */
  async #await(errand, key) {
    const { plan } = errand
    const token = newToken()
    this.#tally.counts.leaseWaits++
    try {
      const wanted = { token, how: ASK.MISS, waitMs: plan.waitMs, tagged: plan.tagged }
      const [answer, stored, epoch] = await this.#store.lease(key, plan.namespace, wanted)
      if (await this.#isServed(errand, key, answer, stored)) return null
      const own = answer === ANSWER.GRANTED ? share(token, epoch) : unleased([])
      enter(own, key, await this.#fallback(errand, stored))
      return own
    } catch (error) {
      // It may have been granted.
      this.#giveBack(errand, token, [key], 0)
      this.#failed(errand, 'set', key, error)
      return unleased([key])
    }
  }

  /**
   * What may be given when the load fails.
   * @param {Errand} errand
   * @param {any} stored
   */
  #fallback({ plan }, stored) {
    return stored === null ? MISS : this.#reader.fallback(stored, plan.staleMs)
  }

  /**
   * Calls the fetcher once for all keys, and stores what it gives.
   * @param {Errand} errand
   * @param {Share[]} shares
   */
  async #load(errand, shares) {
    const wanted = new Set(shares.flatMap((one) => one.keys))
    if (wanted.size === 0) return
    const keys = errand.keys.filter((key) => wanted.has(key))
    const { fetcher, plan, space, values } = errand
    const { counts } = this.#tally
    const context = new Context(keys[0], space, plan)
    const begun = performance.now()
    /** @type {Map<string, Loaded>} */
    const loaded = new Map()
    counts.loads++
    try {
      const given = await load((context) => fetcher(keys.slice(), context), context, plan.hardMs)
      // By its kind and not by its class: a test runner's sandbox has a `Map` of its own.
      if (!isMap(given)) throw typeError(`the fetcher of getOrSetMany must give a Map, got ${kindOf(given)}`)
      for (const key of keys) loaded.set(key, { key, value: given.get(key), decision: context.decide(given.get(key)) })
    } catch (error) {
      return this.#loadFailed(errand, shares, error, performance.now() - begun)
    }
    const ms = performance.now() - begun
    this.#tally.loaded(ms)
    for (const { key, value } of loaded.values()) if (value !== undefined) values.set(key, value)
    await Promise.all(shares.map((one) => this.#keep(errand, one, one.keys.map((key) => /** @type {Loaded} */ (loaded.get(key))), ms)))
  }

  /**
   * @param {Errand} errand
   * @param {Share[]} shares
   * @param {unknown} error
   * @param {number} ms
   */
  #loadFailed(errand, shares, error, ms) {
    this.#tally.loadFailed(ms)
    for (const one of shares) this.#giveBack(errand, one.token, one.keys, errand.plan.restMs)
    if (shares.some((one) => one.fallbacks.size < one.keys.length)) throw error
    const keys = shares.flatMap((one) => one.keys)
    this.#failed(errand, 'load', keys[0], error)
    for (const one of shares) for (const [key, value] of one.fallbacks) errand.values.set(key, value)
    this.#tally.stale(keys.length)
  }

  /**
   * @param {Errand} errand
   * @param {Share} share
   * @param {Loaded[]} loaded
   * @param {number} ms
   */
  async #keep(errand, { token, epoch }, loaded, ms) {
    if (token === 0) return
    this.#giveBack(errand, token, loaded.filter(({ decision }) => decision === null).map(({ key }) => key), 0)
    const loadMs = errand.plan.beta > 0 ? Math.max(1, Math.round(ms)) : 0
    // The fetcher may have given tags of its own.
    const isTied = errand.plan.tagged || loaded.some(({ decision }) => decision !== null && decision.tags.length > 0)
    const terms = { loadMs, token, epoch: isTied ? epoch : WHENEVER }
    // A loaded `null` may have no stale life, where all others have.
    const [usual, negative] = [false, true].map((negative) => loaded.filter(({ decision }) => decision?.negative === negative))
    await Promise.all([this.#keepAlike(errand, usual, terms), this.#keepAlike(errand, negative, terms)])
  }

  /**
   * @param {Errand} errand
   * @param {Loaded[]} loaded of one stale life
   * @param {{ loadMs: number, token: number, epoch: number }} terms
   * @returns {Promise<void>}
   */
  async #keepAlike(errand, loaded, terms) {
    if (loaded.length === 0) return
    try {
      const stored = await this.#writer.keepMany(loaded, errand.plan.namespace, terms)
      // One whose tags were invalidated may still hold its lease.
      this.#giveBack(errand, terms.token, loaded.filter((_, i) => !stored[i]).map(({ key }) => key), 0)
    } catch (/** @type {any} */ error) {
      // One that cannot be stored keeps no other from it.
      if (error?.code === 'ERR_INVALID_ARG' && loaded.length > 1) {
        await Promise.all(loaded.map((one) => this.#keepAlike(errand, [one], terms)))
        return
      }
      this.#failed(errand, 'set', loaded[0].key, error)
      this.#giveBack(errand, terms.token, loaded.map(({ key }) => key), 0)
    }
  }

  /**
   * @param {Errand} errand
   * @param {number} token
   * @param {string[]} keys
   * @param {number} restMs
   */
  #giveBack({ plan }, token, keys, restMs) {
    this.#store.abandon(keys, token, restMs, plan.namespace)
  }

  /**
   * @param {Errand} errand
   * @param {'get' | 'set' | 'load'} operation
   * @param {string} key one of those concerned
   * @param {unknown} error
   */
  #failed({ space }, operation, key, error) {
    this.#report.failed(error, { operation, key, namespace: space })
  }
}

/** @returns {Share} */
function share(/** @type {number} */ token, /** @type {number} */ epoch) {
  return { token, epoch, keys: [], fallbacks: new Map() }
}

/** @param {string[]} keys */
function unleased(keys) {
  return { ...share(0, WHENEVER), keys }
}

/**
 * @param {Share} share
 * @param {string} key
 * @param {any} fallback `MISS` for none
 */
function enter(share, key, fallback) {
  share.keys.push(key)
  if (fallback !== MISS) share.fallbacks.set(key, fallback)
}

module.exports = { BatchThrough }
