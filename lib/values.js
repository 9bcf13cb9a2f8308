'use strict'

// Values as they are stored, and back.

const { isUint8Array } = require('node:util/types')
const check = require('./check')
const { codecOf, decoderOf } = require('./codecs')
const { rangeError } = require('./errors')

const MAX_VALUE_BYTES = 64 * 1024 * 1024

/** What `src/cache/format.rs` calls them. */
const BYTES = 1
const BUFFER = 2
const JSON_TEXT = 3
const LAST_BUILT_IN = 63

/** Found, and not readable. */
const UNREADABLE = Symbol('unreadable')
/** Not found. */
const MISS = Symbol('miss')

class Values {
  #codec
  #maxValueBytes

  /** @param {{ codec?: unknown, maxValueBytes?: number }} options */
  constructor({ codec, maxValueBytes = MAX_VALUE_BYTES }) {
    this.#codec = codecOf(codec)
    /** Whoever has the same codec reads the same values. */
    this.terms = typeof codec === 'object' ? codec : this.#codec.id
    this.#maxValueBytes = check.integer(maxValueBytes, 'options.maxValueBytes', 1, MAX_VALUE_BYTES)
  }

  /**
   * The payload of a value: text, or bytes.
   * @param {unknown} value
   * @param {string} [name]
   * @returns {string | Uint8Array}
   */
  encode(value, name = 'value') {
    // By its kind and not by its class: a test runner's sandbox has a `Uint8Array` of its own.
    const payload = isUint8Array(value) && this.#codec.id <= LAST_BUILT_IN ? value : this.#codec.encode(value, name)
    // No character takes more than three bytes a code unit, so a short text needs no counting.
    if (typeof payload !== 'string') this.#limit(payload.byteLength, name)
    else if (payload.length * 3 > this.#maxValueBytes) this.#limit(Buffer.byteLength(payload), name)
    return payload
  }

  /**
   * The codec of a payload that `encode` gave.
   * @param {string | Uint8Array} payload
   */
  codecIdOf(payload) {
    if (typeof payload === 'string') return this.#codec.isJson(payload) ? JSON_TEXT : this.#codec.id
    if (this.#codec.id > LAST_BUILT_IN) return this.#codec.id
    return Buffer.isBuffer(payload) ? BUFFER : BYTES
  }

  /**
   * The value of what is stored: JSON, a foreign plain string, bytes, or what another codec reads.
   * @param {string | Uint8Array | [codec: number, payload: string | Uint8Array] | null | false} stored
   */
  decode = (stored) => {
    if (typeof stored === 'string') {
      try {
        return JSON.parse(stored)
      } catch {
        return stored
      }
    }
    if (stored === null) return MISS
    if (stored === false) return UNREADABLE
    return Array.isArray(stored) ? this.#decodeBy(stored[0], stored[1]) : stored
  }

  /**
   * @param {number} id
   * @param {string | Uint8Array} payload
   */
  #decodeBy(id, payload) {
    const decode = decoderOf(id, this.#codec)
    if (decode === null) return UNREADABLE
    try {
      return decode(payload)
    } catch {
      return UNREADABLE
    }
  }

  /**
   * @param {number} bytes
   * @param {string} name
   */
  #limit(bytes, name) {
    if (bytes > this.#maxValueBytes) throw rangeError(`${name} must be at most ${this.#maxValueBytes} bytes as stored, got ${bytes}`)
  }
}

module.exports = { Values, JSON_TEXT, MISS, UNREADABLE }
