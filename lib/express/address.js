'use strict'

// IP addresses as one client writes them in one way only, whatever stood before and behind them.

const { isIPv4, isIPv6 } = require('node:net')

/**
 * @typedef {{ v4: string, v6?: undefined } | { v4?: undefined, v6: number[] }} Address an IPv4 address as text, or the eight groups of an IPv6 address
 */

/** The longest text that can hold an address with a zone, brackets and a port. */
const LONGEST = 128

/**
 * The address in a text such as `1.2.3.4`, `1.2.3.4:5678`, `2001:db8::1`, `fe80::1%eth0` or `[2001:db8::1]:443`; `undefined` for anything else.
 * @param {unknown} text
 * @returns {Address | undefined}
 */
function parseAddress(text) {
  if (typeof text !== 'string' || text.length > LONGEST) return undefined
  let bare = text.trim()
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(bare)
  if (bracketed) bare = bracketed[1]
  else if (/^[\d.]+:\d{1,5}$/.test(bare)) bare = bare.slice(0, bare.indexOf(':'))
  const zone = bare.indexOf('%')
  if (zone > 0) bare = bare.slice(0, zone)
  if (isIPv4(bare)) return bracketed ? undefined : { v4: bare }
  return isIPv6(bare) ? unwrap(groupsOf(bare)) : undefined
}

/**
 * @param {string} text a valid IPv6 address without a zone
 * @returns {number[]}
 */
function groupsOf(text) {
  const [head, tail] = text.split('::')
  const before = groups(head)
  if (tail === undefined) return before
  const after = groups(tail)
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
}

/** @param {string} text */
function groups(text) {
  return text === '' ? [] : text.split(':').flatMap((part) => (part.includes('.') ? pair(part) : [Number.parseInt(part, 16)]))
}

/** @param {string} dotted */
function pair(dotted) {
  const [a, b, c, d] = dotted.split('.').map(Number)
  return [a * 256 + b, c * 256 + d]
}

/**
 * An address that only carries an IPv4 address is that one. Otherwise all of IPv4 would lie in one IPv6 network and share one limit (CVE-2026-30827).
 * @param {number[]} v6
 * @returns {Address}
 */
function unwrap(v6) {
  const [a, b, c, d, e, f, high, low] = v6
  const isEmpty = c === 0 && d === 0 && e === 0
  /** `::ffff:1.2.3.4`, RFC 4291 2.5.5.2. */
  const isMapped = isEmpty && a === 0 && b === 0 && f === 0xffff
  /** `::ffff:0:1.2.3.4`, RFC 2765. */
  const isTranslated = a === 0 && b === 0 && c === 0 && d === 0 && e === 0xffff && f === 0
  /** `::1.2.3.4`, RFC 4291 2.5.5.1; `::` and `::1` carry none. */
  const isCompatible = isEmpty && a === 0 && b === 0 && f === 0 && high !== 0
  /** `64:ff9b::1.2.3.4`, RFC 6052, and `64:ff9b:1::1.2.3.4`, RFC 8215. */
  const isNat64 = a === 0x64 && b === 0xff9b && c <= 1 && d === 0 && e === 0 && f === 0
  if (!isMapped && !isTranslated && !isCompatible && !isNat64) return { v6 }
  return { v4: `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}` }
}

/**
 * The network of an IPv6 address, such as `2001:db8:0:100::/56`.
 * @param {number[]} v6
 * @param {number} bits
 */
function network(v6, bits) {
  const whole = Math.ceil(bits / 16)
  const kept = v6.slice(0, whole)
  const spare = whole * 16 - bits
  kept[whole - 1] = (kept[whole - 1] >> spare) << spare
  return `${kept.map((group) => group.toString(16)).join(':')}${whole < 8 ? '::' : ''}/${bits}`
}

/**
 * Whether an address can belong to anybody on the internet, and not to a machine of the same host or network (RFC 1918, 4193, 6598 and the like).
 * @param {Address} address
 */
function isPublic({ v4, v6 }) {
  if (v4 !== undefined) return !/^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[789]\d|1[01]\d|12[0-7]))\./.test(v4)
  return (v6[0] & 0xe000) === 0x2000
}

module.exports = { parseAddress, network, isPublic }
