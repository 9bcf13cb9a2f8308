'use strict'

// Which codings of a body a client accepts (RFC 9110 12.5.3).

const { weighted } = require('./lists')

const IDENTITY = 'identity'
/** The codings in use. A response in another one is not kept for whoever may not accept it. */
const CODINGS = ['br', 'deflate', 'gzip', 'zstd']

/** @param {string} name */
const plainName = (name) => (name === 'x-gzip' ? 'gzip' : name)

/**
 * The weight of a coding; 0 where it is not accepted.
 * @param {{ name: string, weight: number }[]} members
 * @param {string} coding
 */
function weightOf(members, coding) {
  const named = members.find(({ name }) => plainName(name) === coding)
  if (named !== undefined) return named.weight
  const other = members.find(({ name }) => name === '*')
  if (other === undefined) return coding === IDENTITY ? 1 : 0
  // Who refuses all others refuses the plain body; who accepts them has not asked for more than that.
  return other.weight
}

/**
 * The codings of use that a field accepts, in one order, and whether a plain body is refused; `null` for what is no list.
 * @param {string} field
 */
function acceptedCodings(field) {
  const members = weighted(field)
  if (members === null) return null
  const accepted = CODINGS.filter((coding) => weightOf(members, coding) > 0)
  if (weightOf(members, IDENTITY) === 0) accepted.push('!')
  return accepted.join()
}

/**
 * The best of some codings for a client, the first of equals; `identity` for none. `null` where the client refuses all of them and the plain body.
 * @param {string | string[] | undefined} acceptEncoding
 * @param {readonly string[]} available in the order in which the server likes them
 * @returns {string | null}
 */
function chooseEncoding(acceptEncoding, available) {
  const members = acceptEncoding === undefined ? [] : weighted(String(acceptEncoding))
  if (members === null) return IDENTITY
  let best = null
  let most = 0
  for (const coding of available) {
    const weight = weightOf(members, plainName(coding.toLowerCase()))
    if (weight <= most) continue
    best = coding
    most = weight
  }
  const plain = members.find(({ name }) => name === IDENTITY)
  // A plain body that is not named is what is left when nothing better is.
  if (plain !== undefined && plain.weight > most) return IDENTITY
  if (best !== null) return best
  return weightOf(members, IDENTITY) > 0 ? IDENTITY : null
}

module.exports = { CODINGS, acceptedCodings, chooseEncoding }
