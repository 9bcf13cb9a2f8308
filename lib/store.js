'use strict'

// What the cache and the repository share: keys in namespaces, values as JSON or bytes, one native call an operation.

const binding = require('./native')
const check = require('./check')
const { Redis, call } = require('./redis')
const { typeError, rangeError, kindOf } = require('./errors')

const MAX_VALUE_BYTES = 64 * 1024 * 1024
/** What the native half takes for a life of no end. */
const ENDLESS = -1

/** Found, and not readable. */
const UNREADABLE = Symbol('unreadable')
/** Not found. */
const MISS = Symbol('miss')

class Store {
  #redis
  #prefix
  #namespace
  #maxValueBytes
  #timeout
  /** @type {import('../binding').NativeCache | null} */
  #native = null

  /**
   * @param {Redis} redis
   * @param {string} prefix
   * @param {string} namespace
   * @param {{ maxValueBytes?: number, timeoutMs?: import('../index').Duration }} options
   */
  constructor(redis, prefix, namespace, options) {
    if (!(redis instanceof Redis)) throw typeError(`redis must be a Redis of this package, got ${kindOf(redis)}`)
    check.key(prefix, 'options.prefix')
    check.key(namespace, 'namespace')
    this.#redis = redis
    this.#prefix = prefix
    this.#namespace = namespace
    this.#maxValueBytes = check.integer(options.maxValueBytes ?? MAX_VALUE_BYTES, 'options.maxValueBytes', 1, MAX_VALUE_BYTES)
    this.#timeout = options.timeoutMs === undefined ? 0 : check.duration(options.timeoutMs, 'options.timeoutMs')
  }

  /**
   * @param {(native: import('../binding').NativeCache, ticket: number) => number} submit
   * @param {import('./calls').Decode | null} [decode]
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>}
   */
  #call(submit, decode, signal) {
    return call(this.#redis, (redis, ticket) => submit((this.#native ??= this.#open(redis)), ticket), decode, signal)
  }

  /** @param {import('../binding').NativeRedis} redis */
  #open(redis) {
    return new binding.NativeCache(redis, this.#prefix, this.#namespace, this.#timeout)
  }

  /**
   * @param {string} key
   * @param {string | undefined} namespace
   * @param {import('./calls').Decode} decode
   */
  get(key, namespace, decode) {
    return this.#call((native, ticket) => native.get(ticket, key, namespace), decode)
  }

  /**
   * @param {string} key
   * @param {string | undefined} namespace
   * @param {import('./calls').Decode} decode
   * @param {AbortSignal | undefined} signal
   */
  lookup(key, namespace, decode, signal) {
    return this.#call((native, ticket) => native.lookup(ticket, key, namespace), decode, signal)
  }

  /**
   * @param {string} key
   * @param {string | undefined} namespace
   */
  exists(key, namespace) {
    return this.#call((native, ticket) => native.exists(ticket, key, namespace))
  }

  /**
   * @param {string} key
   * @param {string | Uint8Array} stored what `encode` gave
   * @param {number} ttlMs
   * @param {string | undefined} namespace
   */
  set(key, stored, ttlMs, namespace) {
    return this.#call((native, ticket) => native.set(ticket, key, stored, life(ttlMs), stored instanceof Buffer, namespace))
  }

  /**
   * @param {string[]} keys
   * @param {string | undefined} namespace
   * @param {import('./calls').Decode} decode
   */
  getMany(keys, namespace, decode) {
    return this.#call((native, ticket) => native.getMany(ticket, keys.join('\0'), namespace), decode)
  }

  /**
   * @param {string[]} keys
   * @param {(string | Uint8Array)[]} stored
   * @param {number[]} ttlsMs
   * @param {string | undefined} namespace
   */
  setMany(keys, stored, ttlsMs, namespace) {
    const binaries = /** @type {Uint8Array[]} */ (stored.filter((value) => typeof value !== 'string'))
    const values = stored.map((value) => (typeof value === 'string' ? value : value instanceof Buffer ? 'buffer' : 'bytes'))
    return this.#call((native, ticket) =>
      native.setMany(ticket, keys.join('\0'), values.join('\0'), binaries, ttlsMs.map(life), namespace),
    )
  }

  /**
   * How many of the keys were there.
   * @param {string[]} keys
   * @param {string | undefined} namespace
   */
  delete(keys, namespace) {
    return this.#call((native, ticket) => native.delete(ticket, keys.join('\0'), namespace))
  }

  /**
   * @param {string} glob
   * @param {string | undefined} namespace
   */
  deleteMatching(glob, namespace) {
    return this.#call((native, ticket) => native.deleteMatching(ticket, glob, namespace))
  }

  /**
   * A value as it is stored: JSON text, or bytes as they are.
   * @param {unknown} value
   * @param {string} [name]
   * @returns {string | Uint8Array}
   */
  encode(value, name = 'value') {
    if (value instanceof Uint8Array) {
      this.#limit(value.byteLength, name)
      return value
    }
    let json
    try {
      json = JSON.stringify(value)
    } catch (cause) {
      throw Object.assign(typeError(`${name} cannot be stored as JSON: it is cyclic, holds a bigint, or its toJSON throws`), { cause })
    }
    if (json === undefined) throw typeError(`${name} cannot be stored as JSON, got ${kindOf(value)}`)
    // No character takes more than three bytes a code unit, so a short text needs no counting.
    if (json.length * 3 > this.#maxValueBytes) this.#limit(Buffer.byteLength(json), name)
    return json
  }

  /**
   * @param {number} bytes
   * @param {string} name
   */
  #limit(bytes, name) {
    if (bytes > this.#maxValueBytes) throw rangeError(`${name} must be at most ${this.#maxValueBytes} bytes as stored, got ${bytes}`)
  }

  /**
   * The value of what is stored: JSON, a foreign plain string, or bytes.
   * @param {string | Uint8Array | null | false} stored
   */
  decode(stored) {
    if (stored === null) return MISS
    if (stored === false) return UNREADABLE
    if (typeof stored !== 'string') return stored
    try {
      return JSON.parse(stored)
    } catch {
      return stored
    }
  }
}

/** @param {number} ttlMs */
function life(ttlMs) {
  return ttlMs === Infinity ? ENDLESS : ttlMs
}

module.exports = { Store, MISS, UNREADABLE }
