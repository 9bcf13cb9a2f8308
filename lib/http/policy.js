'use strict'

// What HTTP says of a response that could be kept for others, and of the requests that it could answer. The rules are in `src/http`.

const native = require('../native')
const { notToUpdate, opaque, valueOf } = require('./fields')

/**
 * @typedef {object} Terms on what terms a response may be kept
 * @property {boolean} storable
 * @property {string | null} reason why it may not: a token for the `detail` of Cache-Status
 * @property {number} freshMs how long it is fresh, from an age of 0; 0 where it must be validated before each use
 * @property {boolean} explicit whether the response said so itself
 * @property {number} ageMs how old it was when it came
 * @property {number} swrMs how long beyond that it may be served while a new one is fetched; 0 where it may not
 * @property {number} sieMs how long beyond that it may stand in for an error; 0 where it may not
 * @property {boolean} mustRevalidate never to be served stale, but as `swrMs` and `sieMs` say
 * @property {boolean} noCache to be validated before each use
 * @property {boolean} open may be given to requests with credentials
 * @property {string[]} vary the request fields it was chosen by that the key does not hold, in lower case, sorted
 * @property {boolean} validators has ETag or Last-Modified
 */

/**
 * @typedef {object} RouteRules
 * @property {'ttl' | 'http'} mode `ttl`: the route decides what is kept, within what the response forbids; `http`: the response does
 * @property {number} [ttlMs] for responses that do not tell their lifetime
 * @property {readonly number[]} [statuses] that may be kept besides the usual ones
 * @property {string} [cacheName] whose `<name>-Cache-Control` goes before `CDN-Cache-Control`
 * @property {readonly string[]} [keyedVary] request fields that the route's key holds, in lower case
 * @property {boolean} [stripSetCookie] cookies are taken out before a response is kept
 * @property {boolean} [heuristic] responses that tell no lifetime are kept for a tenth of the time since their Last-Modified
 */

/** What is known of a response, as `src/http/native.rs` has it. */
const GET = 1
const BY_HTTP = 2
const MAY_GUESS = 4
const ASKED_STATUS = 8
const AUTHORIZED = 16
const COOKIES = 32
const VALIDATORS = 64
/** What the terms say. */
const EXPLICIT = 1
const MUST_REVALIDATE = 2
const NO_CACHE = 4
const OPEN = 8
/** The places of the response fields that the rules read. The first is the request's own Cache-Control, the third that of `cacheName`. */
const OWN = 2
const PLACES = new Map([
  ['cache-control', 1],
  ['cdn-cache-control', 3],
  ['pragma', 4],
  ['expires', 5],
  ['date', 6],
  ['age', 7],
  ['last-modified', 8],
  ['vary', 9],
  ['content-encoding', 10],
])
/** Those that are held against the time of day. */
const DATES = [5, 6, 8]
const VERDICTS = /** @type {const} */ (['fresh', 'stale', 'stale-allowed', 'validate'])

/**
 * What the rules say of a response whose head is known.
 * @param {{ method: string, status: number, requestHeaders: Record<string, string | string[] | undefined>, responseHeaders: readonly string[], options: RouteRules, now: number }} told
 *   `responseHeaders`: names and values in turn; `now`: ms since 1970
 * @returns {Terms}
 */
function judgeResponse({ method, status, requestHeaders, responseHeaders, options, now }) {
  const { mode, ttlMs = -1, statuses, cacheName, keyedVary, stripSetCookie, heuristic } = options
  const own = cacheName === undefined ? undefined : `${cacheName.toLowerCase()}-cache-control`
  const fields = [...NO_FIELDS]
  fields[0] = textOf(requestHeaders['cache-control'])
  let what = 0
  for (let at = 0; at + 1 < responseHeaders.length; at += 2) {
    const name = responseHeaders[at].toLowerCase()
    if (name === 'set-cookie') what |= COOKIES
    else if (name === 'etag' || name === 'last-modified') what |= VALIDATORS
    const place = name === own ? OWN : PLACES.get(name)
    if (place !== undefined) fields[place] = fields[place] === undefined ? responseHeaders[at + 1] : `${fields[place]}, ${responseHeaders[at + 1]}`
  }
  if (stripSetCookie) what &= ~COOKIES
  if (method === 'GET') what |= GET
  if (mode === 'http') what |= BY_HTTP
  if (heuristic) what |= MAY_GUESS
  if (statuses?.includes(status)) what |= ASKED_STATUS
  if (requestHeaders.authorization !== undefined && !keyedVary?.includes('authorization')) what |= AUTHORIZED
  const found = ruling(now, status, ttlMs, what, fields)
  return { ...found, vary: keyedVary?.length ? found.vary.filter((name) => !keyedVary.includes(name)) : found.vary }
}

/** @type {readonly (string | undefined)[]} */
const NO_FIELDS = Array.from({ length: 11 })

/** So many rulings are remembered: a site says the same of most of its pages. */
const REMEMBERED = 200
const LONGEST = 500
/** @type {Map<string, Terms>} */
const remembered = new Map()

/**
 * What the rules say, remembered where no date is in it.
 * @param {number} now
 * @param {number} status
 * @param {number} ttlMs
 * @param {number} what
 * @param {(string | undefined)[]} fields
 */
function ruling(now, status, ttlMs, what, fields) {
  const isDated = DATES.some((place) => fields[place] !== undefined)
  const key = isDated ? '' : keyOf(status, ttlMs, what, fields)
  const known = remembered.get(key)
  if (known !== undefined) return known
  const found = terms(native.judgeHttpResponse(now, status, ttlMs, what, fields).split(' '), (what & VALIDATORS) !== 0)
  if (isDated || key.length > LONGEST) return found
  if (remembered.size >= REMEMBERED) remembered.clear()
  remembered.set(key, found)
  return found
}

/**
 * @param {number} status
 * @param {number} ttlMs
 * @param {number} what
 * @param {readonly (string | undefined)[]} fields
 */
function keyOf(status, ttlMs, what, fields) {
  let key = `${status} ${ttlMs} ${what}`
  for (let place = 0; place < fields.length; place++) {
    const field = fields[place]
    // With its length: over HTTP/2 there may be anything in one.
    if (field !== undefined) key += ` ${place} ${field.length} ${field}`
  }
  return key
}

/**
 * @param {string[]} line
 * @param {boolean} validators
 * @returns {Terms}
 */
function terms([reason, flags, fresh, age, swr, sie, names], validators) {
  const says = Number(flags)
  return {
    storable: reason === '-',
    reason: reason === '-' ? null : reason,
    freshMs: Number(fresh),
    explicit: (says & EXPLICIT) !== 0,
    ageMs: Number(age),
    swrMs: Number(swr),
    sieMs: Number(sie),
    mustRevalidate: (says & MUST_REVALIDATE) !== 0,
    noCache: (says & NO_CACHE) !== 0,
    open: (says & OPEN) !== 0,
    vary: names === '' ? [] : names.split(','),
    validators,
  }
}

/**
 * What a request's own Cache-Control or Pragma asks of a kept response. A request without both need not be asked about.
 * @param {{ requestHeaders: Record<string, string | string[] | undefined>, terms: Pick<Terms, 'freshMs' | 'ageMs' | 'mustRevalidate' | 'noCache'>, storedAt: number, now: number }} asked
 * @returns {{ verdict: 'fresh' | 'stale' | 'stale-allowed' | 'validate', onlyIfCached: boolean, noStore: boolean }} `stale`: the request does not
 *   mind, so `swrMs` and `sieMs` hold; `stale-allowed`: it takes what is stale; `validate`: it insists; `noStore`: what the handler answers to
 *   it is not to be kept, what is kept may be served
 */
function judgeRequest({ requestHeaders, terms: kept, storedAt, now }) {
  const age = kept.ageMs + Math.max(0, now - storedAt)
  const flags = (kept.mustRevalidate ? 1 : 0) | (kept.noCache ? 2 : 0)
  const code = native.judgeHttpRequest(textOf(requestHeaders['cache-control']), textOf(requestHeaders.pragma), kept.freshMs, age, flags)
  return { verdict: VERDICTS[code & 3], onlyIfCached: (code & 4) !== 0, noStore: (code & 8) !== 0 }
}

/**
 * Whether a 304 speaks of the kept response (RFC 9111 4.3.4).
 * @param {readonly string[]} stored names and values in turn
 * @param {readonly string[]} fresh
 */
function freshens(stored, fresh) {
  const etag = valueOf(fresh, 'etag')
  // A strong one must be the same; a weak one may differ in its weakness (RFC 9110 8.8.3.2).
  if (etag !== undefined) return opaque(etag) === opaque(valueOf(stored, 'etag'))
  const modified = valueOf(fresh, 'last-modified')
  // One that names nothing answers the request that was sent, which named this response.
  return modified === undefined || modified === valueOf(stored, 'last-modified')
}

/**
 * The header of a kept response after a 304 (RFC 9111 3.2): new fields replace old ones, but those that describe the kept bytes.
 * @param {readonly string[]} stored names and values in turn
 * @param {readonly string[]} fresh
 * @returns {string[]}
 */
function mergeHeaders(stored, fresh) {
  const omitted = notToUpdate(fresh)
  /** A kept response counts its age from this answer, whose time is now where it does not tell. */
  const replaced = new Set(['date', 'age'])
  const added = []
  for (let at = 0; at + 1 < fresh.length; at += 2) {
    const name = fresh[at].toLowerCase()
    if (omitted.has(name)) continue
    replaced.add(name)
    added.push(fresh[at], fresh[at + 1])
  }
  const kept = []
  for (let at = 0; at + 1 < stored.length; at += 2) {
    if (!replaced.has(stored[at].toLowerCase())) kept.push(stored[at], stored[at + 1])
  }
  return kept.concat(added)
}

/** @param {string | string[] | undefined} value */
function textOf(value) {
  return Array.isArray(value) ? value.join(', ') : value
}

module.exports = { judgeResponse, judgeRequest, freshens, mergeHeaders }
