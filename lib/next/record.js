'use strict'

// What is stored of a value of Next.js: one run of bytes, of which the first part describes the rest. Bytes, maps and long texts stay what they are. Its layout:
//
//   mark (1 byte) · version (1) · length of the description (4, big endian) · description (JSON) · parts
//
// In the description `{ "\0": kind, ... }` stands for what JSON has not.

const MARK = 0x4e
const VERSION = 1
const BEGINNING = 6

/** The name of what says that an object stands for something else. */
const SIGN = '\0'
/** Shorter texts stay in the description. */
const LONG = 256
/** The data of a page may be as deep as its author likes. What is deeper holds itself. */
const DEEPEST = 1000

/** @typedef {{ meta: any, value: any }} Decoded */

/**
 * @param {any} meta plain JSON
 * @param {any} value
 * @returns {Buffer}
 */
function encode(meta, value) {
  /** @type {Uint8Array[]} */
  const parts = []
  const tree = written(value, parts, 0)
  const description = Buffer.from(JSON.stringify({ meta, tree, parts: parts.map((part) => part.byteLength) }))
  const beginning = Buffer.alloc(BEGINNING)
  beginning[0] = MARK
  beginning[1] = VERSION
  beginning.writeUInt32BE(description.length, 2)
  return Buffer.concat([beginning, description, ...parts])
}

/**
 * @param {any} value
 * @param {Uint8Array[]} parts
 * @param {number} depth
 * @returns {any}
 */
function written(value, parts, depth) {
  if (depth > DEEPEST) throw new TypeError('a value for the cache of Next.js is too deep')
  if (typeof value === 'string') return value.length < LONG ? value : { [SIGN]: 'text', at: parts.push(Buffer.from(value)) - 1 }
  if (Object.is(value, -0)) return { [SIGN]: 'number', is: '-0' }
  if (typeof value === 'number' && !Number.isFinite(value)) return { [SIGN]: 'number', is: String(value) }
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return { [SIGN]: 'bytes', at: parts.push(value) - 1 }
  if (Array.isArray(value)) return value.map((item) => (item === undefined ? null : written(item, parts, depth + 1)))
  if (value instanceof Map) return { [SIGN]: 'map', of: written([...value], parts, depth + 1) }
  const pairs = Object.entries(value).filter(([, item]) => item !== undefined).map(([name, item]) => [name, written(item, parts, depth + 1)])
  // Written as pairs where a name would be taken for a sign, or for the prototype.
  const isPlain = pairs.every(([name]) => name !== SIGN && name !== '__proto__')
  return isPlain ? Object.fromEntries(pairs) : { [SIGN]: 'object', of: pairs }
}

/** @type {WeakMap<Uint8Array, Decoded | null>} a copy in memory is the same bytes each time */
const known = new WeakMap()

/**
 * What bytes are; `null` where they are none of ours, or damaged. Whoever is given it shares it.
 * @param {unknown} bytes
 * @returns {Decoded | null}
 */
function decode(bytes) {
  if (!Buffer.isBuffer(bytes)) return null
  let found = known.get(bytes)
  if (found === undefined) known.set(bytes, (found = read(bytes)))
  return found
}

/**
 * @param {Buffer} bytes
 * @returns {Decoded | null}
 */
function read(bytes) {
  if (bytes.length < BEGINNING || bytes[0] !== MARK || bytes[1] !== VERSION) return null
  const end = BEGINNING + bytes.readUInt32BE(2)
  if (end > bytes.length) return null
  try {
    const { meta, tree, parts } = JSON.parse(bytes.toString('utf8', BEGINNING, end))
    const cut = partsOf(bytes, end, parts)
    return typeof meta === 'object' && meta !== null && cut !== null ? { meta, value: revived(tree, cut) } : null
  } catch {
    return null
  }
}

/**
 * @param {Buffer} bytes
 * @param {number} at
 * @param {any} lengths
 */
function partsOf(bytes, at, lengths) {
  if (!Array.isArray(lengths)) return null
  const parts = []
  for (const length of lengths) {
    if (!Number.isSafeInteger(length) || length < 0 || at + length > bytes.length) return null
    parts.push(bytes.subarray(at, at + length))
    at += length
  }
  return at === bytes.length ? parts : null
}

/**
 * @param {any} tree
 * @param {readonly Buffer[]} parts
 * @returns {any}
 */
function revived(tree, parts) {
  if (typeof tree !== 'object' || tree === null) return tree
  if (Array.isArray(tree)) return tree.map((item) => revived(item, parts))
  if (!Object.hasOwn(tree, SIGN)) return Object.fromEntries(Object.entries(tree).map(([name, item]) => [name, revived(item, parts)]))
  switch (tree[SIGN]) {
    case 'bytes':
      return partAt(parts, tree.at)
    case 'text':
      return partAt(parts, tree.at).toString()
    case 'number':
      return Number(tree.is)
    case 'map':
      return new Map(revived(tree.of, parts))
    case 'object':
      return Object.fromEntries(tree.of.map((/** @type {[string, any]} */ [name, item]) => [name, revived(item, parts)]))
    default:
      throw new TypeError('an unknown sign')
  }
}

/**
 * @param {readonly Buffer[]} parts
 * @param {number} at
 */
function partAt(parts, at) {
  const part = parts[at]
  if (part === undefined) throw new TypeError('a part is missing')
  return part
}

module.exports = { decode, encode }
