'use strict'

// What a cache makes of what is stored, with its codec, its schema and its copies in memory.

const { Odd, KIND } = require('./odd')
const { fit } = require('./schema')
const { SharedReads } = require('./shared-reads')
const { WISH } = require('./store')
const { MISS, UNREADABLE } = require('./values')

const UNREADABLE_ENTRY = new Odd(KIND.UNREADABLE, MISS)
const MISFIT = new Odd(KIND.MISFIT, MISS)

/** @typedef {ReturnType<import('./near').Near['begin']>} Copy */

class Reader {
  #store
  #values
  #near
  #namespace
  #tally
  #schema
  #migrate
  #shared

  /**
   * @param {import('./store').Store} store
   * @param {import('./values').Values} values
   * @param {import('./near').Near | null} near
   * @param {import('./own-writes').OwnWrites} writes
   * @param {import('./tally').Tally} tally
   * @param {{ namespace: string, schema: import('./schema').Schema | null, migrate?: import('./schema').Migrate }} settings
   */
  constructor(store, values, near, writes, tally, { namespace, schema, migrate }) {
    this.#store = store
    this.#values = values
    this.#near = near
    this.#shared = new SharedReads(writes.sharing)
    this.#namespace = namespace
    this.#tally = tally
    this.#schema = schema
    this.#migrate = migrate
    /** Whoever reads on the same terms gets the same values. */
    this.terms = schema ?? values.terms
  }

  /** Whether what is read is kept in memory. */
  get isNear() {
    return this.#near !== null
  }

  /**
   * Reads for `getOrSet`. `caller` is given what is stored and makes an outcome of it, by `judge`.
   * @param {string} key
   * @param {import('./cache-arguments').Plan} plan
   * @param {{ copy: Copy | null, decode(stored: any): any, recover(error: any): any }} caller whose `copy` is for `judge`
   */
  read(key, { namespace, staleMs, beta }, caller) {
    caller.copy = this.#near === null ? null : this.#near.begin(key, namespace)
    const wish = WISH.STALE | (staleMs > 0 || beta > 0 ? WISH.LIFE : 0) | (caller.copy === null ? 0 : WISH.NEAR)
    return this.#store.read(key, namespace, wish, beta, caller)
  }

  /**
   * The value, or `MISS`, for all other reads.
   * @param {string} key
   * @param {string | undefined} namespace
   * @param {(found: any) => any} found
   */
  get(key, namespace, found) {
    const place = this.#placeOf(key, namespace)
    const shared = this.#shared.get(place)
    if (shared !== undefined) {
      this.#tally.counts.coalesced++
      return shared.join()
    }
    const copy = this.#near === null ? null : this.#near.begin(key, namespace)
    const read = this.#shared.begin(place, (stored) => this.judge(stored, copy, found))
    return this.#store.read(key, namespace, copy === null ? 0 : WISH.NEAR, 0, read)
  }

  /**
   * What is written now must not be overlooked by those who read later in this turn.
   * @param {string} key
   * @param {string | undefined} namespace
   */
  part(key, namespace) {
    this.#shared.part(this.#placeOf(key, namespace))
  }

  partAll() {
    this.#shared.partAll()
  }

  /**
   * @param {string} key
   * @param {string | undefined} namespace
   */
  #placeOf(key, namespace) {
    return namespace === undefined || namespace === this.#namespace ? key : `${namespace}\0${key}`
  }

  /**
   * What `found` makes of what is stored; it is given a value, `MISS` or an `Odd`.
   * @param {any} stored
   * @param {Copy | null} copy what was read for it
   * @param {(found: any) => any} found
   */
  judge(stored, copy, found) {
    const opened = this.open(stored)
    if (this.#schema === null) return found(this.#counted(opened, stored, copy))
    const fitted = this.#fitted(opened)
    if (fitted instanceof Promise) return fitted.then((fitted) => found(this.#counted(fitted, stored, copy)))
    return found(this.#counted(fitted, stored, copy))
  }

  /**
   * What is stored: a value, `MISS` or an `Odd`.
   * @param {any} stored
   */
  open(stored) {
    if (!Array.isArray(stored) || stored[0] > 0) {
      const value = this.#values.decode(/** @type {any} */ (stored))
      return value === UNREADABLE ? UNREADABLE_ENTRY : value
    }
    if (stored[0] === KIND.LEASED) return new Odd(KIND.LEASED, MISS, stored[1])
    const value = this.#values.decode(stored[1])
    if (value === UNREADABLE) return UNREADABLE_ENTRY
    return stored[0] === KIND.NEAR ? value : new Odd(stored[0], value, stored[2], stored[3])
  }

  /**
   * As `open`, held against the schema.
   * @param {any} opened
   */
  #fitted(opened) {
    const { value } = opened instanceof Odd ? opened : { value: opened }
    if (value === MISS) return opened
    /** @param {import('./schema').Fit} result */
    const judged = (result) => {
      if (!result.fits) {
        this.#tally.counts.schemaMisses++
        return MISFIT
      }
      return opened instanceof Odd ? opened.of(result.value) : result.value
    }
    const result = fit(/** @type {import('./schema').Schema} */ (this.#schema), value, this.#migrate)
    return result instanceof Promise ? result.then(judged) : judged(result)
  }

  /**
   * @param {any} found
   * @param {any} stored
   * @param {Copy | null} copy
   */
  #counted(found, stored, copy) {
    this.#tally.read(found)
    if (copy === null || found === MISS || !Array.isArray(stored) || stored[0] !== KIND.NEAR || found instanceof Odd) return found
    return /** @type {import('./near').Near} */ (this.#near).keep(copy, found, /** @type {any} */ (stored))
  }

  /**
   * The value that another's load has brought; `MISS` for one that cannot be used.
   * @param {any} stored
   */
  async accept(stored) {
    const opened = this.open(stored)
    const found = this.#schema === null ? opened : await this.#fitted(opened)
    const value = found instanceof Odd ? MISS : found
    if (value !== MISS) this.#tally.read(value)
    return value
  }

  /**
   * What may be given when a load fails: what was invalidated and kept for that, or is stale and taken so; `MISS` for nothing.
   * @param {any} stored
   * @param {number} staleMs
   */
  async fallback(stored, staleMs) {
    const opened = this.open(stored)
    if (!(opened instanceof Odd) || opened.kind !== KIND.STALE || !(opened.isInvalidated || staleMs > 0)) return MISS
    const found = this.#schema === null ? opened : await this.#fitted(opened)
    return found.value
  }

  /**
   * What is stored under each key: values, `MISS` or `Odd`s, as `found` makes them.
   * @param {string[]} keys
   * @param {string | undefined} namespace
   * @param {(found: any) => any} found
   * @returns {Promise<any[]>}
   */
  async getMany(keys, namespace, found) {
    const opened = await this.#store.getMany(keys, namespace, (stored) => this.open(stored))
    const fitted = this.#schema === null ? opened : await Promise.all(opened.map((one) => this.#fitted(one)))
    this.#tally.readMany(fitted)
    return fitted.map(found)
  }

  /**
   * @param {[stored: any, leftMs: number, lifeMs: number, staleMs: number, isInvalidated: boolean, hasHead: boolean] | null | false} stored
   */
  lookedUp(stored) {
    const opened = Array.isArray(stored) ? this.open(stored[0]) : this.open(stored)
    if (this.#schema === null) return this.#described(opened, stored)
    const fitted = this.#fitted(opened)
    return fitted instanceof Promise ? fitted.then((fitted) => this.#described(fitted, stored)) : this.#described(fitted, stored)
  }

  /**
   * @param {any} found
   * @param {any} stored
   */
  #described(found, stored) {
    this.#tally.read(found)
    if (found === MISS || found instanceof Odd) return { hit: false, value: null, stale: false, ageMs: null, ttlMs: 0 }
    const [, left, lifeMs, staleMs, isInvalidated, hasHead] = stored
    // -1 says that the key has no end, -2 that it ended between the two replies.
    const leftMs = left === -1 ? Infinity : Math.max(Number(left), 0)
    const freshMs = isInvalidated ? 0 : Math.max(0, leftMs - staleMs)
    const ageMs = hasHead && lifeMs > 0 ? Math.max(0, lifeMs - leftMs) : null
    return { hit: true, value: found, stale: freshMs === 0 && (staleMs > 0 || isInvalidated), ageMs, ttlMs: freshMs }
  }
}

module.exports = { Reader }
