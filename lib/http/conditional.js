'use strict'

// Whether a client has the same already (RFC 9110 13.1).

const native = require('../native')
const { opaque } = require('./fields')

/** A member of a list of entity tags, with the commas before it. */
const TAG = /[ \t,]*(?:W\/)?("[\x21\x23-\x7e\x80-\uffff]*")[ \t]*(?=,|$)/y

/** @param {Record<string, string | string[] | undefined>} requestHeaders */
function isConditional(requestHeaders) {
  return requestHeaders['if-none-match'] !== undefined || requestHeaders['if-modified-since'] !== undefined
}

/**
 * Whether a conditional GET or HEAD is to be answered with 304. What is preconditions to us, `If-Match` and `If-Unmodified-Since`, is the origin's business.
 * @param {Record<string, string | string[] | undefined>} requestHeaders
 * @param {string | undefined} etag that of the response
 * @param {string | undefined} lastModified that of the response, or its Date where it has none (RFC 9111 4.3.2)
 * @returns {boolean}
 */
function notModified(requestHeaders, etag, lastModified) {
  const match = requestHeaders['if-none-match']
  // It is the better one, so the other does not count next to it.
  if (match !== undefined) return matches(String(match), etag)
  const since = requestHeaders['if-modified-since']
  return since !== undefined && lastModified !== undefined && isNotAfter(lastModified, String(since))
}

/**
 * @param {string} list
 * @param {string | undefined} etag
 */
function matches(list, etag) {
  if (list === etag || list.trim() === '*') return true
  if (etag === undefined) return false
  const wanted = opaque(etag)
  TAG.lastIndex = 0
  for (let found = TAG.exec(list); found !== null; found = TAG.exec(list)) if (found[1] === wanted) return true
  return false
}

/**
 * @param {string} one
 * @param {string} other
 */
function isNotAfter(one, other) {
  const now = Date.now()
  // The same text may be no date: then it is no condition either.
  const since = native.parseHttpDate(other, now)
  return one === other ? !Number.isNaN(since) : native.parseHttpDate(one, now) <= since
}

module.exports = { isConditional, notModified }
