'use strict'

// `TypeSafeCache`: the public class.

const { BatchThrough } = require('./batch-through')
const given = require('./cache-arguments')
const { settings } = require('./cache-options')
const check = require('./check')
const { Degrade, nothing, nowhere, none, unsaid } = require('./degrade')
const { typeError } = require('./errors')
const { Flights } = require('./flights')
const { memoise } = require('./memo')
const { Near } = require('./near')
const { Odd } = require('./odd')
const { OwnWrites } = require('./own-writes')
const { Parting } = require('./parting')
const { ReadThrough } = require('./read-through')
const { Reader } = require('./reader')
const { register } = require('./registry')
const { Report } = require('./report')
const { schemaOf } = require('./schema')
const { Store } = require('./store')
const { Tally } = require('./tally')
const { Values, MISS } = require('./values')
const { Writer } = require('./writer')

/**
 * Writes that tell whether they were done, for `ResilientCache`.
 * @type {{ [W in 'set' | 'del' | 'setMany']: (cache: TypeSafeCache, ...args: Parameters<TypeSafeCache[W]>) => Promise<boolean> }}
 */
let done

/**
 * Invalidation by tags, for `CacheManager`.
 * @type {(cache: TypeSafeCache, tags: readonly string[], all: boolean, expire: boolean) => Promise<number>}
 */
let invalidate

/**
 * `getOrSet` of a pattern that judges what is there by itself; copies in memory are its own to ask for, by `peek`.
 * @type {(cache: TypeSafeCache, key: string, fetcher: import('./loader').Fetcher, plan: import('./judged').JudgedPlan) => Promise<any>}
 */
let getOrSetJudged

/**
 * The settings of a cache that stand in for what a plan does not say.
 * @type {(cache: TypeSafeCache) => import('./cache-arguments').Plan}
 */
let planOf

class TypeSafeCache {
  #name
  #store
  #values
  #namespace
  #plan
  #near
  #reader
  #writer
  #parting
  #readThrough
  #batchThrough
  #tally
  #degrade

  static {
    done = {
      set: (cache, ...args) => cache.#degrade.done(cache.#set(...args)),
      del: (cache, ...args) => cache.#degrade.done(cache.#del(...args)),
      setMany: (cache, ...args) => cache.#degrade.done(cache.#setMany(...args)),
    }
    getOrSetJudged = (cache, key, fetcher, plan) => cache.#readThrough.get(cache.#namespace, key, fetcher, plan)
    planOf = (cache) => cache.#plan
    invalidate = (cache, tags, all, expire) => cache.#degrade.or(cache.#parting.fromEverything(() => cache.#store.invalidate(tags, all, expire)), none)
  }

  /**
   * @param {import('./redis').Redis} redis
   * @param {import('../index').CacheOptions} [options]
   */
  constructor(redis, options) {
    const known = settings(options)
    const { name, prefix, namespace, plan } = known
    this.#name = name
    this.#tally = new Tally(name)
    this.#namespace = namespace
    this.#plan = plan
    this.#values = new Values(known)
    this.#store = new Store(redis, prefix, namespace, this.#values, known)
    this.#degrade = new Degrade(known.onUnavailable, this.#tally.counts)
    this.#near = Near.of(redis, { prefix, namespace }, known.near, this.#tally)
    const writes = OwnWrites.of(redis, prefix)
    const flights = Flights.of(redis, prefix)
    const schema = schemaOf(known.schema)
    this.#reader = new Reader(this.#store, this.#values, this.#near, writes, this.#tally, { ...known, schema })
    this.#writer = new Writer(this.#store, this.#values, writes, this.#tally, known)
    this.#parting = new Parting(namespace, flights, this.#reader, writes, this.#near, this.#tally)
    const report = new Report(name, this.#tally.counts, known.onError)
    this.#readThrough = new ReadThrough(this.#reader, this.#writer, this.#store, flights, this.#tally, report)
    this.#batchThrough = new BatchThrough(this.#reader, this.#writer, this.#store, this.#tally, report)
    const [store, tally, near] = [this.#store, this.#tally, this.#near]
    register('cache', name, this, () => figures(store, tally, near))
  }

  get namespace() {
    return this.#namespace
  }

  get name() {
    return this.#name
  }

  /**
   * @param {string} key
   * @param {string} [namespace]
   */
  get(key, namespace) {
    try {
      check.key(key)
      given.optionalNamespace(namespace)
      if (this.#near !== null) {
        const value = this.#near.get(key, namespace)
        if (value !== MISS) return Promise.resolve(value)
      }
      return this.#degrade.or(this.#reader.get(key, namespace, orNull), nothing)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * @param {string} key
   * @param {string} [namespace]
   */
  peek(key, namespace) {
    check.key(key)
    given.optionalNamespace(namespace)
    const value = this.#near === null ? MISS : this.#near.get(key, namespace)
    return value === MISS ? undefined : value
  }

  /**
   * @param {string} key
   * @param {import('../index').LookupOptions} [options]
   */
  async lookup(key, options) {
    check.key(key)
    const { namespace, signal } = given.lookup(options)
    return this.#degrade.or(this.#store.lookup(key, namespace, (stored) => this.#reader.lookedUp(stored), signal), missed)
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
    const { ttlMs, staleMs, tags, namespace } = given.life(options, this.#plan)
    const payload = this.#values.encode(value)
    // What is not to be stored must not leave an older value in its place.
    if (ttlMs === 0) return this.#delete([key], namespace)
    this.#parting.from(key, namespace)
    return this.#writer.set(key, payload, namespace, { ttlMs, staleMs, tags, negative: false })
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
  async #delete(keys, namespace) {
    for (const key of keys) this.#parting.from(key, namespace)
    return this.#writer.delete(keys, namespace)
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
      const plan = given.plan(options, this.#plan)
      if (this.#near !== null && !plan.forceFresh && !plan.signal?.aborted) {
        const value = this.#near.get(key, plan.namespace)
        if (value !== MISS) return Promise.resolve(value)
      }
      return this.#readThrough.get(plan.namespace ?? this.#namespace, key, fetcher, plan)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * @param {string} key
   * @param {(context: import('../index').FetchContext) => any} fetcher
   * @param {{ ttl: import('../index').Duration, staleTTL: import('../index').Duration }} options
   */
  async getStale(key, fetcher, options) {
    const { ttl, staleTTL, ...rest } = check.options(options, 'options', ['staleTTL', ...given.KNOWN])
    const missing = ttl === undefined ? 'ttl' : staleTTL === undefined ? 'staleTTL' : null
    if (missing !== null) throw typeError(`options.${missing} must be given, got undefined`)
    return this.getOrSet(key, fetcher, { ...rest, ttl, staleTtl: staleTTL })
  }

  /**
   * @param {readonly string[]} keys
   * @param {string} [namespace]
   */
  async getMany(keys, namespace) {
    const list = check.keys(keys, 'keys')
    given.optionalNamespace(namespace)
    if (list.length === 0) return []
    return this.#degrade.or(this.#reader.getMany(list, namespace, orNull), () => list.map(nothing))
  }

  /**
   * @param {readonly string[]} keys
   * @param {(missing: string[]) => any} fetcher
   * @param {import('../index').Duration | import('../index').GetOrSetOptions} [options]
   */
  async getOrSetMany(keys, fetcher, options) {
    const list = check.keys(keys, 'keys')
    check.callable(fetcher, 'fetcher')
    const plan = given.plan(options, this.#plan)
    return this.#batchThrough.get(plan.namespace ?? this.#namespace, [...new Set(list)], fetcher, plan)
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
    const { ttlMs, staleMs, tags, namespace } = given.life(options, this.#plan)
    const { keys, payloads } = given.pairs(entries, (value, name) => this.#values.encode(value, name))
    // As with `set`: what is not to be stored must not leave older values in its place.
    if (ttlMs === 0) return void (await this.#delete(keys, namespace))
    for (const key of keys) this.#parting.from(key, namespace)
    await this.#writer.setMany(keys, payloads, namespace, { ttlMs, staleMs, tags })
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
    return this.#degrade.or(this.#parting.fromAll(namespace, () => this.#store.deleteMatching(glob, namespace)), none)
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
    const { key, ...rest } = check.options(options, 'options', ['key', ...given.KNOWN])
    check.callable(key, 'options.key')
    given.plan(rest, this.#plan)
    return memoise(this, fn, key, rest)
  }

  metrics() {
    return figures(this.#store, this.#tally, this.#near)
  }
}

/**
 * @param {Store} store
 * @param {Tally} tally
 * @param {Near | null} near
 */
function figures(store, tally, near) {
  return { ...tally.counts, ...store.traffic(), ...(near?.figures ?? NO_NEAR) }
}

const NO_NEAR = Object.freeze({ nearEntries: 0, nearBytes: 0, nearEvictions: 0 })

/** @param {any} found */
function orNull(found) {
  return found === MISS || found instanceof Odd ? null : found
}

function missed() {
  return { hit: false, value: null, stale: false, ageMs: null, ttlMs: 0 }
}

module.exports = { TypeSafeCache, done, getOrSetJudged, invalidate, planOf }
