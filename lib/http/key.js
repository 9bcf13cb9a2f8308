'use strict'

// The key of a request: its target, its query in order, its origin. So a path, or the beginning of one, is the beginning of keys.

const { sha256 } = require('../hash')

/** What is longer than that is stored under its beginning and a hash of it. */
const LONGEST = 1024
const READABLE = 256

/** Stands before keys that the user makes; no target begins so. */
const OWN = '@'
/** Stands between a target and its origin: no request line holds one in its target, so a client cannot say that it is at another. */
const AT = ' '

/**
 * Which part of a query makes another page: all of it, none, or what these parameters say.
 * @typedef {true | false | ReadonlySet<string>} Query
 */

/**
 * @param {string} target as in the request line
 * @param {Query} query
 */
function targetOf(target, query) {
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const sorted = mark === -1 || query === false ? '' : sortedQuery(target.slice(mark + 1), query)
  return (sorted === '' ? path : `${path}?${sorted}`).replaceAll(AT, '%20')
}

/**
 * Parameters in the order of their names; those of one name stay as they are.
 * @param {string} text
 * @param {Query} query
 */
function sortedQuery(text, query) {
  if (query === true && !text.includes('&')) return text
  const parts = text.split('&').filter((part) => part !== '' && (query === true || isWanted(nameOf(part), /** @type {ReadonlySet<string>} */ (query))))
  // `a[b]` and `a` may be parts of one: they keep their order.
  return parts.map((part) => /** @type {const} */ ([nameOf(part).split('[', 1)[0], part])).sort(byName).map(([, part]) => part).join('&')
}

/**
 * The name of a parameter as a handler reads it.
 * @param {string} part
 */
function nameOf(part) {
  const raw = part.split('=', 1)[0]
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '))
  } catch {
    return raw
  }
}

/**
 * `page[]` and `page[x]` are of `page`. What cannot be read may be anything.
 * @param {string} name
 * @param {ReadonlySet<string>} wanted
 */
function isWanted(name, wanted) {
  return wanted.has(name) || wanted.has(name.split('[', 1)[0]) || name.includes('%')
}

/**
 * @param {readonly [string, string]} one
 * @param {readonly [string, string]} other
 */
function byName([one], [other]) {
  return one < other ? -1 : one > other ? 1 : 0
}

/**
 * @param {string} target as `targetOf` gave it
 * @param {string} origin
 */
function keyOf(target, origin) {
  return `${short(target)}${AT}${origin.length > READABLE ? sha256(origin) : origin}`
}

/** @param {string} text what a key generator gave */
function ownKey(text) {
  return OWN + short(text.replaceAll('%', '%25').replaceAll(AT, '%20'))
}

/** @param {string} text */
function short(text) {
  return text.length > LONGEST ? `${text.slice(0, READABLE)}${AT}${sha256(text)}` : text
}

/** A target that names its origin, RFC 9112 section 3.2.2. */
const ABSOLUTE = /^(https?):\/\/([^/?#]+)([^]*)$/i

/**
 * Target and origin of a request, as they were sent: routers shorten `url`. `Host` is the client's word, but so is the target; whoever lies about it gets pages that
 * nobody else is given.
 * @param {any} req
 * @returns {[target: string, origin: string]}
 */
function addressOf(req) {
  const target = req.originalUrl ?? req.url
  const protocol = req.protocol ?? (req.socket?.encrypted ? 'https' : 'http')
  const sent = sentHostOf(req.headers)
  const host = hostOf(req, sent)
  const origin = originOf(protocol, host)
  // With the host of the request behind it, where that is another: an application sees both.
  const place = host === sent ? origin : `${origin}${AT}${sent.toLowerCase().replaceAll(AT, '%20')}`
  // A target that names another origin than the application sees is a page of its own.
  const absolute = ABSOLUTE.exec(target)
  if (absolute === null || originOf(absolute[1], absolute[2]) !== origin) return [target, place]
  return [rooted(absolute[3]), place]
}

/** @param {Record<string, any>} headers of the request */
function sentHostOf(headers) {
  // Of HTTP/2 it is the authority.
  const host = headers.host ?? headers[':authority']
  return typeof host === 'string' ? host : ''
}

/**
 * The host that the application sees: that of a proxy which it trusts, as Express tells it, or that of the request.
 * @param {any} req
 * @param {string} sent
 * @returns {string}
 */
function hostOf(req, sent) {
  const { hostname } = req
  return typeof hostname !== 'string' || nameOfHost(sent) === hostname.toLowerCase() ? sent : hostname
}

/** @param {string} host */
const nameOfHost = (host) => host.replace(/:\d+$/, '').toLowerCase()

/**
 * A URL, or a path of any origin (then the origin is empty), as a request for it would have it.
 * @param {string} text
 * @returns {[target: string, origin: string]}
 */
function addressIn(text) {
  const sent = text.replace(/[^\x21-\x7e]+/gu, encodeURIComponent).split('#', 1)[0]
  const absolute = ABSOLUTE.exec(sent)
  return absolute === null ? [rooted(sent), ''] : [rooted(absolute[3]), originOf(absolute[1], absolute[2])]
}

/** @param {string} target */
function rooted(target) {
  return target.startsWith('/') ? target : `/${target}`
}

/**
 * A port that is the default is none, RFC 9110 section 4.2.3.
 * @param {string} protocol
 * @param {string} host
 */
function originOf(protocol, host) {
  const scheme = protocol.toLowerCase()
  const name = host.toLowerCase().replaceAll(AT, '%20')
  return `${scheme}://${name.replace(scheme === 'https' ? /:443$/ : /:80$/, '')}`
}

module.exports = { AT, READABLE, addressIn, addressOf, keyOf, ownKey, targetOf }
