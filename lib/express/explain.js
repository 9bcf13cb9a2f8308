'use strict'

// Why a request is answered as it is, in words.

const { KIND } = require('../http/record')
const { verdictOf } = require('../http/verdict')
const { VERDICT } = require('../judged')
const { credentialsOf, mayHave } = require('./credentials')
const { hasWishes, onlyStored, whyNot } = require('./wishes')

/** @type {Record<string, string>} */
const REASONS = {
  'set-cookie': 'the response sets a cookie, which belongs to one client; options.stripSetCookie takes it away',
  private: 'Cache-Control: private says that it is for one client',
  'no-store': 'Cache-Control: no-store forbids it',
  'request-no-store': 'the request says Cache-Control: no-store',
  authorization: 'the request says who sent it (Authorization, req.user), and the response does not say that it is for everybody: Cache-Control: public or s-maxage would, and options.vary or options.keyGenerator tell people apart',
  cookie: 'the request has a Cookie, and the response does not say how long it is fresh: Cache-Control: public or max-age would, options.ignoreCookies says that cookies make no difference, and options.vary or options.keyGenerator tell people apart',
  'vary-star': 'Vary: * says that nobody else gets the same',
  'vary-invalid': 'Vary holds what is no field name',
  'content-encoding': 'it varies by Accept-Encoding, and is in a coding that clients are not told apart by',
  'no-cache': 'Cache-Control: no-cache wants it validated each time, which mode \'http\' does where it has an ETag or Last-Modified',
  expired: 'it was not fresh any more when it came',
  'only-if-cached': 'the request wants what is stored and nothing else',
  head: 'nothing is stored that HEAD could be answered from; HEAD itself stores nothing',
  status: 'responses of this status are not stored; options.statuses may name it',
  partial: 'a part of a response is not stored',
  'no-freshness': 'nothing says how long it is fresh',
  method: 'only GET and HEAD are answered from the store',
  'too-large': 'the body is larger than options.maxBody',
  stream: 'events (text/event-stream) have no end',
  length: 'the body is not as long as Content-Length says',
  tags: 'options.tags threw, or gave no tags',
  upgrade: 'the connection is to become another',
  body: 'the request has a body, which is no part of a key',
  skip: 'options.skip says so',
  'not-stored': 'the last response to this was not stored, so nobody waits for the next',
  'not-shared': 'the response that was waited for was not stored',
  'body-lost': 'a part of the stored body is gone',
  late: 'Redis did not answer in time (options.timeoutMs) or has not lately, or another who loads did not (options.waitMs)',
  aborted: 'the client had gone before its handler began',
  error: 'the store failed',
}

/**
 * @param {import('./door').Door} door
 * @param {any} req one that was answered, or is to be looked at
 */
async function explain(door, req) {
  const told = door.toldOf(req)
  if (told !== undefined) return worded(told.outcome, told.detail)
  if (req.method !== 'GET' && req.method !== 'HEAD') return worded('pass', 'method')
  const { plan } = door
  const detail = whyNot(req, plan)
  if (detail !== null) return worded('pass', detail)
  const key = door.keyOf(req)
  const credentials = credentialsOf(req, plan)
  if (credentials !== null && door.cache.personal.get(key) && door.atHand(req, key, credentials, Date.now()) === null) return worded('pass', credentials, key)
  const { stored, variant } = await door.look(key, req)
  const now = Date.now()
  const wish = { variant, headers: hasWishes(req, plan) ? req.headers : null, canRefreshBehind: false }
  const isUsable = stored !== null && door.mayGive(stored, wish, credentials, now)
  const only = onlyStored(req, plan)
  if (only !== null && !isUsable) return worded('pass', only, key)
  if (stored === null) return worded('miss', null, key)
  if (stored.kind === KIND.PASS) return worded('pass', 'not-stored', key)
  if (!mayHave(stored, credentials, plan.mode)) return worded('pass', credentials, key)
  const verdict = verdictOf(stored, { ...wish, canRefreshBehind: true }, now)
  const outcome = isUsable ? 'hit' : verdict === VERDICT.REFRESH ? 'stale' : 'miss'
  return { ...worded(outcome, null, key), ageMs: stored.ageAt(now), ttlMs: stored.freshMs - stored.ageAt(now) }
}

/**
 * @param {string} outcome
 * @param {string | null} detail
 * @param {string} [key]
 */
function worded(outcome, detail, key) {
  return { outcome, detail, reason: detail === null ? null : (REASONS[detail] ?? null), key: key ?? null, ageMs: null, ttlMs: null }
}

module.exports = { explain }
