'use strict'

// What is stored of a response: one run of bytes, of which the first part describes the rest. Its layout:
//
//   mark (1 byte) · version (1) · length of the description (4, big endian) · description (JSON) · body · body in other codings

const { valueOf } = require('./fields')
const { grouped, isNeverStored } = require('./outgoing')

const MARK = 0x52
const VERSION = 1
const BEGINNING = 6

/** Bodies up to here lie in the record; larger ones in parts of their own. */
const INLINE = 64 * 1024

/** What a record is of. */
const KIND = /** @type {const} */ ({ RESPONSE: 'r', PASS: 'p', FORK: 'f' })

/** Flags of the terms. */
const FLAG = /** @type {const} */ ({ MUST_REVALIDATE: 1, NO_CACHE: 2, OPEN: 4, EXPLICIT: 8 })

/**
 * Where a body is that is too large for a record: in how many parts, and how many bytes each but the last has.
 * @typedef {{ id: string, count: number, size: number }} Parts
 *
 * A body as it is stored, in one coding; `''` for none.
 * @typedef {{ coding: string, length: number, bytes: Buffer | null, parts: Parts | null, text?: string }} Body
 */

class Stored {
  /** @type {Body[]} the plain one first */
  bodies = []

  /** @param {any} meta as it is written */
  constructor(meta) {
    this.meta = meta
    this.kind = meta.k
    /** @type {number} */
    this.status = meta.s
    /** @type {string[]} names and values by turns */
    this.headers = meta.h ?? []
    /** Of those that were set before it, what it is without; in lower case. @type {string[]} */
    this.without = meta.d ?? []
    /** By the clock of who stored it. @type {number} */
    this.storedAt = meta.t
    const [freshMs = 0, ageMs = 0, swrMs = 0, sieMs = 0, flags = 0] = meta.f ?? []
    this.freshMs = freshMs
    this.ageMs = ageMs
    this.swrMs = swrMs
    this.sieMs = sieMs
    this.mustRevalidate = (flags & FLAG.MUST_REVALIDATE) !== 0
    this.noCache = (flags & FLAG.NO_CACHE) !== 0
    /** For everybody, whoever asked for it first. */
    this.isOpen = (flags & FLAG.OPEN) !== 0
    /** It says itself how long it is fresh. */
    this.isExplicit = (flags & FLAG.EXPLICIT) !== 0
    /** Of a fork: the request fields that choose. @type {string[]} */
    this.vary = meta.v ?? []
    /** Of a fork: what tells its variants from those of an earlier one. @type {string} */
    this.generation = meta.g ?? ''
    /** What of the request chose it. @type {string} */
    this.variant = meta.w ?? ''
    /** As `setHeader` takes them. */
    this.fields = grouped(this.headers)
    this.etag = valueOf(this.headers, 'etag')
    this.lastModified = valueOf(this.headers, 'last-modified')
    this.date = valueOf(this.headers, 'date')
  }

  /**
   * In ms.
   * @param {number} now
   */
  ageAt(now) {
    return this.ageMs + Math.max(0, now - this.storedAt)
  }
}

/**
 * @param {any} meta but for the bodies
 * @param {readonly Body[]} [bodies]
 */
function encode(meta, bodies = []) {
  const list = bodies.map(({ coding, length, parts }) => (parts === null ? [coding, length] : [coding, length, parts.id, parts.count, parts.size]))
  const description = JSON.stringify({ ...meta, b: list })
  const size = Buffer.byteLength(description)
  const inline = bodies.filter(({ parts }) => parts === null)
  const record = Buffer.allocUnsafe(inline.reduce((sum, { length }) => sum + length, BEGINNING + size))
  record[0] = MARK
  record[1] = VERSION
  record.writeUInt32BE(size, 2)
  record.write(description, BEGINNING)
  let at = BEGINNING + size
  for (const { bytes, length } of inline) {
    record.set(/** @type {Buffer} */ (bytes), at)
    at += length
  }
  return record
}

/** @type {WeakMap<Uint8Array, Stored | null>} a copy in memory is the same bytes each time */
const known = new WeakMap()

/**
 * What a value is; `null` for one that is none of ours, or damaged.
 * @param {unknown} value
 * @returns {Stored | null}
 */
function decode(value) {
  if (!Buffer.isBuffer(value)) return null
  let stored = known.get(value)
  if (stored === undefined) known.set(value, (stored = read(value)))
  return stored
}

/** @param {Buffer} bytes */
function read(bytes) {
  if (bytes.length < BEGINNING || bytes[0] !== MARK || bytes[1] !== VERSION) return null
  const end = BEGINNING + bytes.readUInt32BE(2)
  if (end > bytes.length) return null
  let meta
  try {
    meta = JSON.parse(bytes.toString('utf8', BEGINNING, end))
  } catch {
    return null
  }
  if (!isDescription(meta)) return null
  const stored = new Stored(meta)
  let at = end
  for (const [coding, length, id, count, size] of meta.b) {
    if (id !== undefined) {
      stored.bodies.push({ coding, length, bytes: null, parts: { id, count, size } })
    } else {
      stored.bodies.push({ coding, length, bytes: bytes.subarray(at, at + length), parts: null })
      at += length
    }
  }
  return at === bytes.length ? stored : null
}

/** @param {unknown} value */
const isCount = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
/** @param {unknown} value */
const isText = (value) => typeof value === 'string'
/** @param {unknown} value @param {(item: any) => boolean} check */
const isListOf = (value, check) => Array.isArray(value) && value.every(check)

const FIELD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** What Node would refuse to send. */
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/

/** @param {any} list names and values by turns */
function isFields(list) {
  if (!isListOf(list, isText) || list.length % 2 !== 0) return false
  return list.every((/** @type {string} */ text, /** @type {number} */ i) => (i % 2 === 0 ? FIELD.test(text) && !isNeverStored(text) : !UNSENDABLE.test(text)))
}

/** @param {any} body */
function isBody(body) {
  if (!Array.isArray(body) || !isText(body[0]) || !isCount(body[1])) return false
  if (body.length === 2) return true
  const [, length, id, count, size] = body
  return isText(id) && isCount(count) && isCount(size) && size > 0 && count === Math.ceil(length / size)
}

/** @param {any} meta */
function isDescription(meta) {
  if (typeof meta !== 'object' || meta === null || !isListOf(meta.b, isBody)) return false
  if (meta.k === KIND.PASS) return true
  if (meta.k === KIND.FORK) return isListOf(meta.v, isText) && isText(meta.g)
  const { k, s, m, h, d, t, f, w } = meta
  if (k !== KIND.RESPONSE || !isCount(s) || s < 200 || s > 599 || !isCount(t)) return false
  if (!isFields(h) || !isListOf(f, isCount) || f.length !== 5 || (m !== undefined && (!isText(m) || UNSENDABLE.test(m)))) return false
  if (d !== undefined && !isListOf(d, (name) => isText(name) && FIELD.test(name) && !isNeverStored(name))) return false
  return (w === undefined || isText(w)) && meta.b.length > 0 && meta.b[0][0] === ''
}

module.exports = { FLAG, INLINE, KIND, Stored, decode, encode }
