'use strict'

// What the cache and the repository share: keys in namespaces, values as JSON or bytes, one native call an operation.

const { isUint8Array } = require('node:util/types')
const binding = require('./native')
const check = require('./check')
const { Redis, call } = require('./redis')
const { typeError, rangeError, kindOf } = require('./errors')
const { inParts } = require('./parts')

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
  constructor(redis, prefix, namespace, { maxValueBytes = MAX_VALUE_BYTES, timeoutMs }) {
    if (!(redis instanceof Redis)) throw typeError(`redis must be a Redis of this package, got ${kindOf(redis)}`)
    check.key(prefix, 'options.prefix')
    this.#redis = redis
    this.#prefix = prefix
    this.#namespace = namespace
    this.#maxValueBytes = check.integer(maxValueBytes, 'options.maxValueBytes', 1, MAX_VALUE_BYTES)
    this.#timeout = timeoutMs === undefined ? 0 : check.duration(timeoutMs, 'options.timeoutMs')
  }

  /**
   * @param {import('../binding').NativeRedis} redis
   * @returns {import('../binding').NativeCache}
   */
  #on(redis) {
    return (this.#native ??= new binding.NativeCache(redis, this.#prefix, this.#namespace, this.#timeout))
  }

  /**
   * @param {string} key
   * @param {string | undefined} namespace
   * @param {import('./calls').Decode} decode
   */
  get(key, namespace, decode) {
    return call(this.#redis, (redis, ticket) => this.#on(redis).get(ticket, key, namespace), decode)
  }

  /**
   * @param {string} key
   * @param {string | undefined} namespace
   * @param {import('./calls').Decode} decode
   * @param {AbortSignal | undefined} signal
   */
  lookup(key, namespace, decode, signal) {
    return call(this.#redis, (redis, ticket) => this.#on(redis).lookup(ticket, key, namespace), decode, signal)
  }

  /**
   * @param {string} key
   * @param {string | undefined} namespace
   */
  exists(key, namespace) {
    return call(this.#redis, (redis, ticket) => this.#on(redis).exists(ticket, key, namespace))
  }

  /**
   * @param {string} key
   * @param {string | Uint8Array} stored what `encode` gave
   * @param {number} ttlMs
   * @param {string | undefined} namespace
   */
  set(key, stored, ttlMs, namespace) {
    const isBuffer = Buffer.isBuffer(stored)
    return call(this.#redis, (redis, ticket) => this.#on(redis).set(ticket, key, stored, life(ttlMs), isBuffer, namespace))
  }

  /**
   * @param {string[]} keys
   * @param {string | undefined} namespace
   * @param {(stored: any) => any} decode of one value
   * @returns {Promise<any[]>}
   */
  async getMany(keys, namespace, decode) {
    const parts = await this.#eachPart(keys, (native, ticket, ids) => native.getMany(ticket, ids, namespace), (list) => list.map(decode))
    return parts.length === 1 ? parts[0] : parts.flat()
  }

  /**
   * @param {string[]} keys
   * @param {(string | Uint8Array)[]} stored
   * @param {number[]} ttlsMs
   * @param {string | undefined} namespace
   */
  async setMany(keys, stored, ttlsMs, namespace) {
    const texts = stored.map((value) => (typeof value === 'string' ? value : Buffer.isBuffer(value) ? 'buffer' : 'bytes'))
    await inParts(keys.length, (i) => Math.max(keys[i].length, texts[i].length), (start, end) => {
      const binaries = /** @type {Uint8Array[]} */ (stored.slice(start, end).filter((value) => typeof value !== 'string'))
      const lives = ttlsMs.slice(start, end).map(life)
      const ids = keys.slice(start, end).join('\0')
      const values = texts.slice(start, end).join('\0')
      return call(this.#redis, (redis, ticket) => this.#on(redis).setMany(ticket, ids, values, binaries, lives, namespace))
    })
  }

  /**
   * How many of the keys were there.
   * @param {string[]} keys
   * @param {string | undefined} namespace
   * @returns {Promise<number>}
   */
  async delete(keys, namespace) {
    const counts = await this.#eachPart(keys, (native, ticket, ids) => native.delete(ticket, ids, namespace))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /**
   * @param {string[]} keys
   * @param {(native: import('../binding').NativeCache, ticket: number, ids: string) => number} submit
   * @param {import('./calls').Decode} [decode]
   */
  #eachPart(keys, submit, decode) {
    return inParts(keys.length, (i) => keys[i].length, (start, end) => {
      const ids = keys.slice(start, end).join('\0')
      return call(this.#redis, (redis, ticket) => submit(this.#on(redis), ticket, ids), decode)
    })
  }

  /**
   * @param {string} glob
   * @param {string | undefined} namespace
   */
  deleteMatching(glob, namespace) {
    return call(this.#redis, (redis, ticket) => this.#on(redis).deleteMatching(ticket, glob, namespace))
  }

  /**
   * A value as it is stored: JSON text, or bytes as they are.
   * @param {unknown} value
   * @param {string} [name]
   * @returns {string | Uint8Array}
   */
  encode(value, name = 'value') {
    // By its kind and not by its class: a test runner's sandbox has a `Uint8Array` of its own.
    if (isUint8Array(value)) {
      this.#limit(value.byteLength, name)
      return value
    }
    const json = toJson(value, name)
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
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {string}
 */
function toJson(value, name) {
  let json
  try {
    json = JSON.stringify(value)
  } catch (cause) {
    // V8 says so of a text longer than any string, and of a value nested too deep for its stack.
    if (cause instanceof RangeError) throw Object.assign(rangeError(`${name} is too large or too deep to be stored as JSON`), { cause })
    throw Object.assign(typeError(`${name} cannot be stored as JSON: it is cyclic, holds a bigint, or its toJSON throws`), { cause })
  }
  if (json === undefined) throw typeError(`${name} cannot be stored as JSON, got ${kindOf(value)}`)
  return json
}

/**
 * The value of what is stored: JSON, a foreign plain string, or bytes.
 * @param {string | Uint8Array | null | false} stored
 */
function decode(stored) {
  if (stored === null) return MISS
  if (stored === false) return UNREADABLE
  if (typeof stored !== 'string') return stored
  try {
    return JSON.parse(stored)
  } catch {
    return stored
  }
}

/** @param {number} ttlMs */
function life(ttlMs) {
  return ttlMs === Infinity ? ENDLESS : ttlMs
}

module.exports = { Store, decode, MISS, UNREADABLE }
