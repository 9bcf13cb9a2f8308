'use strict'

// The fields of a response: which belong to it, and which to the connection it came by or to its bytes.

/** They speak of one connection (RFC 9110 7.6.1), or were meant for one proxy. */
const HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
/** They describe the bytes that are kept, which a 304 does not change; and cookies are for one client. */
const OF_BYTES = ['content-length', 'content-encoding', 'content-range', 'set-cookie']

/**
 * The first value of a field.
 * @param {readonly string[]} headers names and values in turn
 * @param {string} wanted in lower case
 */
function valueOf(headers, wanted) {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at].length === wanted.length && headers[at].toLowerCase() === wanted) return headers[at + 1]
  }
  return undefined
}

/**
 * An entity tag without its weakness.
 * @param {string | undefined} etag
 */
function opaque(etag) {
  return etag?.startsWith('W/') ? etag.slice(2) : etag
}

/**
 * @param {readonly string[]} headers names and values in turn
 * @returns {ReadonlySet<string>}
 */
function notToStore(headers) {
  if (valueOf(headers, 'connection') === undefined) return HOP
  const names = new Set(HOP)
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at].toLowerCase() !== 'connection') continue
    for (const name of headers[at + 1].split(',')) names.add(name.trim().toLowerCase())
  }
  return names
}

/**
 * @param {readonly string[]} headers those of a 304
 * @returns {Set<string>}
 */
function notToUpdate(headers) {
  return new Set([...notToStore(headers), ...OF_BYTES])
}

module.exports = { notToStore, notToUpdate, opaque, valueOf }
