'use strict'

// Whom a request is counted for. The key `undefined`, which all clients without an address would share unnoticed, is never made.

const check = require('../check')
const { typeError, kindOf } = require('../errors')
const { network, parseAddress } = require('./address')
const { notice } = require('./notice')

/** A /56 is what a provider gives to one household (RIPE-690), so a client cannot leave its limit by taking another of its own addresses. */
const SUBNET = 56
/** The one bucket of all who have no key. No address looks like it. */
const SHARED = 'no-key'

/**
 * The key of an address: an IPv4 address as it is, an IPv6 address by its network; `undefined` where the text is no address.
 * @param {unknown} text
 * @param {number} subnet
 */
function ipKey(text, subnet) {
  const address = parseAddress(text)
  if (address === undefined) return undefined
  return address.v4 ?? network(address.v6, subnet)
}

/**
 * What the key is made from. `req.ip` may hold what a client wrote into `X-Forwarded-For`: where it is no address, the socket's counts.
 * @param {any} req
 * @param {number} subnet
 */
function requestKey(req, subnet) {
  return ipKey(req?.ip, subnet) ?? ipKey(req?.socket?.remoteAddress, subnet)
}

/**
 * In development what gives no key is a mistake to be found. In production it must not fail requests, nor let them pass uncounted.
 * @param {string} what
 * @param {string} then what to do
 * @returns {string}
 */
function withoutKey(what, then) {
  if (process.env.NODE_ENV !== 'production') throw typeError(`${what}; ${then}`)
  notice('noKey', `Rate limit: ${what}, so all such requests share one limit; ${then}`)
  return SHARED
}

const KNOWN = /** @type {const} */ (['ipv6Subnet'])

/**
 * @param {unknown} from a request, or an address
 * @param {{ ipv6Subnet?: number }} [options]
 */
function clientKey(from, options) {
  const { ipv6Subnet } = check.options(options, 'options', KNOWN)
  return keyOf(from, subnetOf(ipv6Subnet))
}

/**
 * @param {unknown} from
 * @param {number} subnet
 */
function keyOf(from, subnet) {
  const key = typeof from === 'string' ? ipKey(from, subnet) : requestKey(from, subnet)
  if (key !== undefined) return key
  return withoutKey('the request has no IP address', 'give req.ip, or a keyGenerator')
}

/**
 * What a keyGenerator gave.
 * @param {unknown} key
 * @returns {string}
 */
function givenKey(key) {
  if (typeof key === 'string' && key !== '') return key
  return withoutKey(`keyGenerator must give a string that is not empty, got ${key === '' ? 'an empty one' : kindOf(key)}`, 'see clientKey for a fallback')
}

/** @param {unknown} value */
function subnetOf(value) {
  return value === undefined ? SUBNET : check.integer(value, 'options.ipv6Subnet', 32, 128)
}

module.exports = { clientKey, givenKey, ipKey, keyOf, subnetOf }
