'use strict'

// Codecs by id. The header of an entry says which one wrote its payload; a plain entry, without a header, is JSON.

const { isUint8Array } = require('node:util/types')
const check = require('../check')
const { typeError, rangeError, kindOf, kindOfWord } = require('../errors')
const json = require('./json')
const typed = require('./typed')

const BYTES = 1
const BUFFER = 2
const JSON_TEXT = 3
const TYPED_TEXT = 4
/** Those of users. The others are kept for later versions. */
const FIRST_OWN = 64
const LAST_OWN = 95

/** The first byte of what a user's codec has written says what `decode` is to get. */
const FROM_BYTES = 0
const FROM_TEXT = 1

/**
 * `isJson` tells of what `encode` gave whether it is JSON that means the same to everybody: then it can be stored without a header.
 * @typedef {{
 *   id: number,
 *   encode: (value: any, name?: string) => string | Uint8Array,
 *   decode: (payload: any) => unknown,
 *   isJson: (encoded: any) => boolean,
 * }} Codec
 */

/** @type {Record<string, Codec>} */
const NAMED = { json: { id: JSON_TEXT, ...json }, typed: { id: TYPED_TEXT, ...typed } }

/**
 * The codec of the option `codec`.
 * @param {unknown} option
 * @returns {Codec}
 */
function codecOf(option) {
  if (option === undefined) return NAMED.json
  if (typeof option === 'string' && Object.hasOwn(NAMED, option)) return NAMED[option]
  if (typeof option !== 'object' || option === null) throw typeError(`options.codec must be 'json', 'typed' or an object, got ${kindOfWord(option)}`)
  const { id, encode, decode } = /** @type {any} */ (option)
  check.integer(id, 'options.codec.id', FIRST_OWN, LAST_OWN)
  check.callable(encode, 'options.codec.encode')
  check.callable(decode, 'options.codec.decode')
  return own(/** @type {any} */ (option), id)
}

/**
 * A user's codec. What it gives is stored as bytes in any case, since text of its own may hold what the native calls do not take (a NUL, half
 * a surrogate pair), and since a payload does not tell by itself whether it was text.
 * @param {import('../../index').Codec} codec
 * @param {number} id as it was when it was checked
 * @returns {Codec}
 */
function own(codec, id) {
  return {
    id,
    encode(value, name = 'value') {
      let payload
      try {
        payload = codec.encode(value)
      } catch (cause) {
        throw Object.assign(typeError(`${name} cannot be stored: encode of options.codec threw`), { cause })
      }
      if (typeof payload === 'string') return withKind(FROM_TEXT, Buffer.from(payload))
      if (isUint8Array(payload)) return withKind(FROM_BYTES, payload)
      throw typeError(`encode of options.codec must give a string or a Uint8Array, got ${kindOf(payload)}`)
    },
    decode(stored) {
      const bytes = typeof stored === 'string' ? Buffer.from(stored) : view(stored)
      if (bytes[0] !== FROM_TEXT && bytes[0] !== FROM_BYTES) throw rangeError('the payload has no kind')
      const payload = bytes.subarray(1)
      return codec.decode(bytes[0] === FROM_TEXT ? payload.toString() : payload)
    },
    isJson: () => false,
  }
}

/**
 * @param {number} kind
 * @param {Uint8Array} payload
 */
function withKind(kind, payload) {
  const stored = Buffer.allocUnsafe(payload.length + 1)
  stored[0] = kind
  stored.set(payload, 1)
  return stored
}

/** @param {Uint8Array} bytes */
function view(bytes) {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** @param {string | Uint8Array} payload */
function toBuffer(payload) {
  return typeof payload === 'string' ? Buffer.from(payload) : view(payload)
}

/** @param {string | Uint8Array} payload */
function toBytes(payload) {
  const buffer = toBuffer(payload)
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}

/**
 * @param {(text: string) => unknown} decode
 * @returns {(payload: string | Uint8Array) => unknown}
 */
function ofText(decode) {
  return (payload) => decode(typeof payload === 'string' ? payload : view(payload).toString())
}

/** @type {Map<number, (payload: string | Uint8Array) => unknown>} */
const DECODERS = new Map([
  [BYTES, toBytes],
  [BUFFER, toBuffer],
  [JSON_TEXT, ofText(json.decode)],
  [TYPED_TEXT, ofText(typed.decode)],
])

/**
 * What reads a payload of this codec; `null` where nothing here does. It may throw, whatever the user's `decode` throws: then the payload
 * cannot be read.
 * @param {number} id
 * @param {Codec} [own] the codec of the cache
 * @returns {((payload: string | Uint8Array) => unknown) | null}
 */
function decoderOf(id, own) {
  return DECODERS.get(id) ?? (own?.id === id ? own.decode : null)
}

module.exports = { codecOf, decoderOf, BYTES, BUFFER, JSON_TEXT, TYPED_TEXT }
