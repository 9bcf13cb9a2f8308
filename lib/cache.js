'use strict'

// `TypeSafeCache`: the public class.

const given = require('./cache-arguments')
const check = require('./check')
const { Degrade, nothing, nowhere, none, unsaid } = require('./degrade')
const { Flights } = require('./flights')
const { ReadThrough } = require('./read-through')
const { Store, MISS } = require('./store')
const { Tally } = require('./tally')

const KNOWN = ['prefix', 'namespace', 'ttl', 'jitter', 'maxValueBytes', 'timeoutMs', 'onError', 'onUnavailable']
const DEFAULT_TTL = 3600

/**
 * Writes that tell whether they were done, for `ResilientCache`.
 * @type {{ [W in 'set' | 'del' | 'setMany']: (cache: TypeSafeCache, ...args: Parameters<TypeSafeCache[W]>) => Promise<boolean> }}
 */
let done

class TypeSafeCache {
  #store
  #namespace
  #ttlMs
  #jitter
  #flights
  #readThrough
  #tally = new Tally()
  #degrade

  static {
    done = {
      set: (cache, ...args) => cache.#degrade.done(cache.#set(...args)),
      del: (cache, ...args) => cache.#degrade.done(cache.#del(...args)),
      setMany: (cache, ...args) => cache.#degrade.done(cache.#setMany(...args)),
    }
  }

  /**
   * @param {import('./redis').Redis} redis
   * @param {import('../index').CacheOptions} [options]
   */
  constructor(redis, options) {
    const known = check.options(options, 'options', KNOWN)
    const { prefix = 'cache', namespace = 'default', ttl = DEFAULT_TTL, jitter = 0, onError, onUnavailable } = known
    check.key(namespace, 'options.namespace')
    this.#namespace = namespace
    this.#store = new Store(redis, prefix, namespace, known)
    this.#ttlMs = check.ttl(ttl, 'options.ttl')
    this.#jitter = given.jitter(jitter)
    this.#degrade = new Degrade(onUnavailable, this.#tally.counts)
    if (onError !== undefined) check.callable(onError, 'options.onError')
    this.#flights = Flights.of(redis, prefix)
    this.#readThrough = new ReadThrough(this.#store, this.#flights, this.#tally, this.#save, onError)
  }

  get namespace() {
    return this.#namespace
  }

  /**
   * @param {string} key
   * @param {string} [namespace]
   */
  get(key, namespace) {
    try {
      check.key(key)
      given.optionalNamespace(namespace)
      return this.#degrade.or(this.#store.get(key, namespace, this.#tally.orNull), nothing)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * @param {string} key
   * @param {import('../index').LookupOptions} [options]
   */
  async lookup(key, options) {
    check.key(key)
    const { namespace, signal } = given.lookup(options)
    return this.#degrade.or(this.#store.lookup(key, namespace, this.#found, signal), missed)
  }

  #found = (/** @type {[any, number | bigint]} */ [stored, pttl]) => {
    const value = this.#tally.found(stored)
    if (value === MISS) return missed()
    // -1 says that the key has no end, -2 that it ended between the two replies.
    return { hit: true, value, stale: false, ageMs: null, ttlMs: pttl === -1 ? Infinity : Math.max(Number(pttl), 0) }
  }

  /**
   * @param {string} key
   * @param {unknown} value
   * @param {import('../index').SetOptions} [options]
   */
  async set(key, value, options) {
    await this.#degrade.or(this.#set(key, value, options), unsaid)
  }

  /**
   * @param {string} key
   * @param {unknown} value
   * @param {import('../index').SetOptions} [options]
   * @returns {Promise<unknown>}
   */
  #set(key, value, options) {
    check.key(key)
    const { ttlMs, namespace } = given.life(options, this.#ttlMs)
    const stored = this.#store.encode(value)
    this.#flights.revoke(namespace ?? this.#namespace, key)
    // What is not to be stored must not leave an older value in its place.
    return ttlMs === 0 ? this.#store.delete([key], namespace) : this.#save(key, stored, ttlMs, namespace)
  }

  #save = async (
    /** @type {string} */ key,
    /** @type {string | Uint8Array} */ stored,
    /** @type {number} */ ttlMs,
    /** @type {string | undefined} */ namespace,
  ) => {
    await this.#store.set(key, stored, this.#jittered(ttlMs), namespace)
    this.#tally.counts.stores++
  }

  /** @param {number} ttlMs */
  #jittered(ttlMs) {
    return this.#jitter === 0 || ttlMs === Infinity ? ttlMs : Math.max(1, Math.ceil(ttlMs * (1 - this.#jitter * Math.random())))
  }

  /**
   * @param {string} key
   * @param {string} [namespace]
   */
  async del(key, namespace) {
    await this.#degrade.or(this.#del(key, namespace), unsaid)
  }

  /**
   * @param {string} key
   * @param {string} [namespace]
   * @returns {Promise<unknown>}
   */
  #del(key, namespace) {
    check.key(key)
    given.optionalNamespace(namespace)
    return this.#delete([key], namespace)
  }

  /**
   * @param {string} key
   * @param {string} [namespace]
   */
  delete(key, namespace) {
    return this.del(key, namespace)
  }

  /**
   * @param {string[]} keys
   * @param {string | undefined} namespace
   */
  #delete(keys, namespace) {
    for (const key of keys) this.#flights.revoke(namespace ?? this.#namespace, key)
    return this.#store.delete(keys, namespace)
  }

  /**
   * @param {string} key
   * @param {string} [namespace]
   */
  async exists(key, namespace) {
    check.key(key)
    given.optionalNamespace(namespace)
    return this.#degrade.or(this.#store.exists(key, namespace), nowhere)
  }

  /**
   * @param {string} key
   * @param {(context: import('../index').FetchContext) => any} fetcher
   * @param {import('../index').Duration | import('../index').GetOrSetOptions} [options]
   */
  getOrSet(key, fetcher, options) {
    try {
      check.key(key)
      check.callable(fetcher, 'fetcher')
      const plan = given.plan(options, this.#ttlMs)
      return this.#readThrough.get(plan.namespace ?? this.#namespace, key, fetcher, plan)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * @param {readonly string[]} keys
   * @param {string} [namespace]
   */
  async getMany(keys, namespace) {
    const list = check.keys(keys, 'keys')
    given.optionalNamespace(namespace)
    if (list.length === 0) return []
    return this.#degrade.or(this.#store.getMany(list, namespace, this.#tally.orNull), () => list.map(nothing))
  }

  /**
   * @param {Iterable<readonly [string, unknown]>} entries
   * @param {import('../index').SetOptions} [options]
   */
  async setMany(entries, options) {
    await this.#degrade.or(this.#setMany(entries, options), unsaid)
  }

  /**
   * @param {Iterable<readonly [string, unknown]>} entries
   * @param {import('../index').SetOptions} [options]
   */
  async #setMany(entries, options) {
    const { ttlMs, namespace } = given.life(options, this.#ttlMs)
    const { keys, stored } = given.pairs(entries, (value, name) => this.#store.encode(value, name))
    // As with `set`: what is not to be stored must not leave older values in its place.
    if (ttlMs === 0) return void (await this.#delete(keys, namespace))
    for (const key of keys) this.#flights.revoke(namespace ?? this.#namespace, key)
    await this.#store.setMany(keys, stored, keys.map(() => this.#jittered(ttlMs)), namespace)
    this.#tally.counts.stores += keys.length
  }

  /**
   * @param {readonly string[]} keys
   * @param {string} [namespace]
   */
  async deleteMany(keys, namespace) {
    const list = check.keys(keys, 'keys')
    given.optionalNamespace(namespace)
    return this.#degrade.or(this.#delete(list, namespace), none)
  }

  /**
   * @param {string} glob
   * @param {string} [namespace]
   */
  async deletePattern(glob, namespace) {
    check.key(glob, 'glob')
    given.optionalNamespace(namespace)
    return this.#degrade.or(this.#deleteMatching(glob, namespace), none)
  }

  /**
   * @param {string} glob
   * @param {string | undefined} namespace
   */
  async #deleteMatching(glob, namespace) {
    const space = namespace ?? this.#namespace
    // Which flights match is the server's to say; all of the namespace are revoked, at the price of a load at the most: those
    // that may store what they loaded before, and those that may have read what was not yet deleted.
    this.#flights.revokeAll(space)
    try {
      return await this.#store.deleteMatching(glob, namespace)
    } finally {
      this.#flights.revokeAll(space)
    }
  }

  clear() {
    return this.deletePattern('*')
  }

  /**
   * @param {(...args: any[]) => any} fn
   * @param {import('../index').GetOrSetOptions & { key: (...args: any[]) => string }} options
   */
  wrap(fn, options) {
    check.callable(fn, 'fn')
    const { key, ...rest } = check.options(options, 'options', ['key', 'ttl', 'namespace', 'forceFresh', 'signal'])
    check.callable(key, 'options.key')
    given.plan(rest, this.#ttlMs)
    const cache = this
    return /** @this {unknown} */ async function (/** @type {any[]} */ ...args) {
      return cache.getOrSet(key(...args), () => fn.apply(this, args), rest)
    }
  }

  metrics() {
    return { ...this.#tally.counts }
  }
}

function missed() {
  return { hit: false, value: null, stale: false, ageMs: null, ttlMs: 0 }
}

module.exports = { TypeSafeCache, done, KNOWN }
