'use strict'

// Secondary keys: what of a request chooses among the variants of a page, the same text for requests that mean the same (RFC 9111 4.1).

const { acceptedCodings, chooseEncoding } = require('./encodings')
const { weighted } = require('./lists')
const { sha256 } = require('../hash')

/** What is longer is hashed. */
const LONGEST = 200
/** Browsers send few fields of these kinds, each of them all the time. */
const REMEMBERED = 200
/** Stands before a hash; no name of a field begins so. */
const HASHED = '='

/** @type {Map<string, (field: string) => string | null>} */
const NORMALISERS = new Map([
  ['accept-encoding', acceptedCodings],
  ['accept-language', languages],
])
/** @type {Map<string, Map<string, string>>} */
const remembered = new Map([...NORMALISERS.keys()].map((name) => [name, new Map()]))

/**
 * @param {readonly string[]} names of request fields, in lower case
 * @param {Record<string, string | string[] | undefined>} requestHeaders
 * @returns {string}
 */
function varyKey(names, requestHeaders) {
  let key = ''
  for (const name of names) {
    const value = Object.hasOwn(requestHeaders, name) ? requestHeaders[name] : undefined
    // A field that is not there is not one that is empty. No value holds the end of a line.
    key += value === undefined ? `${name}\n` : `${name}:${normal(name, typeof value === 'string' ? value : String(value))}\n`
  }
  return key.length > LONGEST ? HASHED + sha256(key) : key
}

/**
 * @param {string} name
 * @param {string} value
 */
function normal(name, value) {
  const normalise = NORMALISERS.get(name)
  if (normalise === undefined) return spaced(value)
  const known = /** @type {Map<string, string>} */ (remembered.get(name))
  let text = known.get(value)
  if (text === undefined) {
    // What is no list is no two clients' same wish.
    text = normalise(value) ?? `?${value.trim()}`
    if (value.length > LONGEST) return text
    if (known.size >= REMEMBERED) known.clear()
    known.set(value, text)
  }
  return text
}

/**
 * Languages with their weights, the best first. Equals stay in their order, by which many servers choose.
 * @param {string} field
 */
function languages(field) {
  const members = weighted(field)
  if (members === null) return null
  members.sort((one, other) => other.weight - one.weight)
  return members.map(({ name, weight }) => (weight === 1 ? name : `${name};q=${weight}`)).join()
}

/**
 * Without blanks around commas, unless it has strings, in which they count.
 * @param {string} value
 */
function spaced(value) {
  const text = value.trim()
  return text.includes(',') && !text.includes('"') ? text.split(',').map((member) => member.trim()).join() : text
}

module.exports = { chooseEncoding, varyKey }
