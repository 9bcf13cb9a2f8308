'use strict'

// `TypeSafeCache`: the public class.

const check = require('./check')
const { typeError, rangeError, kindOf } = require('./errors')
const { Flights } = require('./flights')
const { Store, MISS, UNREADABLE } = require('./store')

const KNOWN = ['prefix', 'namespace', 'ttl', 'jitter', 'maxValueBytes', 'timeoutMs', 'onError']
const DEFAULT_TTL = 3600

class TypeSafeCache {
  #store
  #namespace
  #ttlMs
  #jitter
  #onError
  #flights = new Flights()
  /** @type {import('../index').CacheMetrics} */
  #metrics = { hits: 0, misses: 0, loads: 0, loadFailures: 0, coalesced: 0, stores: 0, unreadable: 0, errors: 0 }

  /**
   * @param {import('./redis').Redis} redis
   * @param {import('../index').CacheOptions} [options]
   */
  constructor(redis, options) {
    const given = check.options(options, 'options', KNOWN)
    this.#namespace = given.namespace ?? 'default'
    this.#store = new Store(redis, given.prefix ?? 'cache', this.#namespace, given)
    this.#ttlMs = check.ttl(given.ttl ?? DEFAULT_TTL, 'options.ttl')
    this.#jitter = share(given.jitter ?? 0)
    if (given.onError !== undefined) check.callable(given.onError, 'options.onError')
    this.#onError = given.onError
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
      if (namespace !== undefined) check.key(namespace, 'namespace')
      return this.#store.get(key, namespace, this.#orNull)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Counts what was found; gives `MISS` for what was not, or could not be read. */
  #counted = (/** @type {any} */ stored) => {
    const value = this.#store.decode(stored)
    if (value !== MISS && value !== UNREADABLE) {
      this.#metrics.hits++
      return value
    }
    this.#metrics.misses++
    if (value === UNREADABLE) this.#metrics.unreadable++
    return MISS
  }

  #orNull = (/** @type {any} */ stored) => {
    const value = this.#counted(stored)
    return value === MISS ? null : value
  }

  /**
   * @param {string} key
   * @param {import('../index').LookupOptions} [options]
   */
  async lookup(key, options) {
    check.key(key)
    const { namespace, signal } = check.options(options, 'options', ['namespace', 'signal'])
    if (namespace !== undefined) check.key(namespace, 'options.namespace')
    if (signal !== undefined) check.signal(signal, 'options.signal')
    return this.#store.lookup(key, namespace, this.#found, signal)
  }

  #found = (/** @type {[any, number]} */ [stored, pttl]) => {
    const value = this.#counted(stored)
    if (value === MISS) return { hit: false, value: null, stale: false, ageMs: null, ttlMs: 0 }
    // -1 says that the key has no end, -2 that it ended between the two replies.
    return { hit: true, value, stale: false, ageMs: null, ttlMs: pttl === -1 ? Infinity : Math.max(pttl, 0) }
  }

  /**
   * @param {string} key
   * @param {unknown} value
   * @param {import('../index').SetOptions} [options]
   */
  async set(key, value, options) {
    check.key(key)
    const { ttlMs, namespace } = this.#life(options)
    const stored = this.#store.encode(value)
    this.#flights.revoke(namespace ?? this.#namespace, key)
    // What is not to be stored must not leave an older value in its place.
    if (ttlMs === 0) await this.#store.delete([key], namespace)
    else await this.#save(key, stored, ttlMs, namespace)
  }

  /**
   * @param {string} key
   * @param {string | Uint8Array} stored
   * @param {number} ttlMs
   * @param {string | undefined} namespace
   */
  async #save(key, stored, ttlMs, namespace) {
    await this.#store.set(key, stored, this.#jittered(ttlMs), namespace)
    this.#metrics.stores++
  }

  /**
   * @param {import('../index').SetOptions | undefined} options
   * @returns {{ ttlMs: number, namespace: string | undefined }}
   */
  #life(options) {
    const { ttl, namespace } = check.options(options, 'options', ['ttl', 'namespace'])
    if (namespace !== undefined) check.key(namespace, 'options.namespace')
    return { ttlMs: ttl === undefined ? this.#ttlMs : check.ttl(ttl, 'options.ttl'), namespace }
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
    await this.deleteMany([key], namespace)
  }

  /**
   * @param {string} key
   * @param {string} [namespace]
   */
  delete(key, namespace) {
    return this.del(key, namespace)
  }

  /**
   * @param {string} key
   * @param {string} [namespace]
   */
  async exists(key, namespace) {
    check.key(key)
    if (namespace !== undefined) check.key(namespace, 'namespace')
    return this.#store.exists(key, namespace)
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
      const plan = this.#plan(options)
      const space = plan.namespace ?? this.#namespace
      let flight = plan.forceFresh ? undefined : this.#flights.get(space, key)
      if (flight) this.#metrics.coalesced++
      else flight = this.#flights.begin(space, key, (flight) => this.#fly(flight, key, fetcher, plan))
      return plan.signal ? until(plan.signal, flight.promise) : flight.promise
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * @param {import('../index').Duration | import('../index').GetOrSetOptions | undefined} options
   * @returns {Plan}
   */
  #plan(options) {
    if (options === undefined) return { ttlMs: this.#ttlMs }
    if (typeof options !== 'object') return { ttlMs: check.ttl(options, 'ttl') }
    const { ttl, namespace, forceFresh, signal } = check.options(options, 'options', ['ttl', 'namespace', 'forceFresh', 'signal'])
    if (namespace !== undefined) check.key(namespace, 'options.namespace')
    if (signal !== undefined) check.signal(signal, 'options.signal')
    if (forceFresh !== undefined && typeof forceFresh !== 'boolean') {
      throw typeError(`options.forceFresh must be a boolean, got ${kindOf(forceFresh)}`)
    }
    return { ttlMs: ttl === undefined ? this.#ttlMs : check.ttl(ttl, 'options.ttl'), namespace, forceFresh, signal }
  }

  /**
   * Reads, and on a miss loads and stores.
   * @param {import('./flights').Flight} flight
   * @param {string} key
   * @param {(context: import('../index').FetchContext) => any} fetcher
   * @param {Plan} plan
   */
  async #fly(flight, key, fetcher, { ttlMs, namespace, forceFresh }) {
    const space = namespace ?? this.#namespace
    let reachable = true
    if (!forceFresh) {
      try {
        const value = await this.#store.get(key, namespace, this.#counted)
        if (value !== MISS) return value
      } catch (error) {
        reachable = false
        this.#failed(error, 'get', key, space)
      }
    }
    const value = await this.#load(fetcher, { key, namespace: space })
    if (reachable && value !== undefined && ttlMs > 0 && !flight.revoked) {
      try {
        await this.#save(key, this.#store.encode(value), ttlMs, namespace)
      } catch (error) {
        this.#failed(error, 'set', key, space)
      }
    }
    return value
  }

  /**
   * @param {(context: import('../index').FetchContext) => any} fetcher
   * @param {import('../index').FetchContext} context
   */
  async #load(fetcher, context) {
    this.#metrics.loads++
    try {
      return await fetcher(context)
    } catch (error) {
      this.#metrics.loadFailures++
      throw error
    }
  }

  /**
   * The cache failed and the caller is served all the same.
   * @param {any} error
   * @param {'get' | 'set'} operation
   * @param {string} key
   * @param {string} namespace
   */
  #failed(error, operation, key, namespace) {
    this.#metrics.errors++
    this.#onError?.(error, { operation, key, namespace })
  }

  /**
   * @param {readonly string[]} keys
   * @param {string} [namespace]
   */
  async getMany(keys, namespace) {
    const list = manyKeys(keys)
    if (namespace !== undefined) check.key(namespace, 'namespace')
    if (list.length === 0) return []
    return this.#store.getMany(list, namespace, (stored) => stored.map(this.#orNull))
  }

  /**
   * @param {Iterable<readonly [string, unknown]>} entries
   * @param {import('../index').SetOptions} [options]
   */
  async setMany(entries, options) {
    const { ttlMs, namespace } = this.#life(options)
    const { keys, stored } = this.#encodeMany(entries)
    for (const key of keys) this.#flights.revoke(namespace ?? this.#namespace, key)
    if (keys.length === 0) return
    if (ttlMs === 0) return void (await this.#store.delete(keys, namespace))
    await this.#store.setMany(keys, stored, keys.map(() => this.#jittered(ttlMs)), namespace)
    this.#metrics.stores += keys.length
  }

  /** @param {Iterable<readonly [string, unknown]>} entries */
  #encodeMany(entries) {
    if (typeof (/** @type {any} */ (entries)?.[Symbol.iterator]) !== 'function') {
      throw typeError(`entries must be an iterable of [key, value], got ${kindOf(entries)}`)
    }
    const keys = []
    const stored = []
    for (const entry of entries) {
      const name = `entries[${keys.length}]`
      if (!Array.isArray(entry)) throw typeError(`${name} must be a [key, value], got ${kindOf(entry)}`)
      check.key(entry[0], `${name}[0]`)
      keys.push(entry[0])
      stored.push(this.#store.encode(entry[1], `${name}[1]`))
    }
    return { keys, stored }
  }

  /**
   * @param {readonly string[]} keys
   * @param {string} [namespace]
   */
  async deleteMany(keys, namespace) {
    const list = manyKeys(keys)
    if (namespace !== undefined) check.key(namespace, 'namespace')
    for (const key of list) this.#flights.revoke(namespace ?? this.#namespace, key)
    return list.length === 0 ? 0 : this.#store.delete(list, namespace)
  }

  /**
   * @param {string} glob
   * @param {string} [namespace]
   */
  async deletePattern(glob, namespace) {
    check.key(glob, 'glob')
    if (namespace !== undefined) check.key(namespace, 'namespace')
    // Which flights match is the server's to say; all of the namespace are revoked, at the price of a load at the most.
    this.#flights.revokeAll(namespace ?? this.#namespace)
    return this.#store.deleteMatching(glob, namespace)
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
    this.#plan(rest)
    const cache = this
    return /** @this {unknown} */ async function (/** @type {any[]} */ ...args) {
      return cache.getOrSet(key(...args), () => fn.apply(this, args), rest)
    }
  }

  metrics() {
    return { ...this.#metrics }
  }
}

/** @typedef {{ ttlMs: number, namespace?: string, forceFresh?: boolean, signal?: AbortSignal }} Plan */

/**
 * A copy that nobody can change between the check and the call.
 * @param {readonly string[]} keys
 */
function manyKeys(keys) {
  check.keys(keys, 'keys')
  return keys.slice()
}

/** @param {unknown} value */
function share(value) {
  if (typeof value !== 'number') throw typeError(`options.jitter must be a number, got ${kindOf(value)}`)
  if (!(value >= 0 && value <= 1)) throw rangeError(`options.jitter must be from 0 to 1, got ${value}`)
  return value
}

/**
 * A promise, or the reason of a signal that comes first.
 * @param {AbortSignal} signal
 * @param {Promise<any>} promise
 */
function until(signal, promise) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

module.exports = { TypeSafeCache }
