'use strict'

// What a load gives to the store and to those who wait for it.

const { randomBytes } = require('node:crypto')
const { codingsOf, lifeOf, responseRecord } = require('../http/making')
const { storable } = require('../http/outgoing')
const { freshens, mergeHeaders } = require('../http/policy')
const { decode } = require('../http/record')

/** @typedef {import('../http/record').Stored} Stored */
/** @typedef {import('../http/policy').Terms} Terms */
/** @typedef {import('./exchange').Exchange} Exchange */

/**
 * What has come of a load: `value` for the store and for who waits, `undefined` for nothing; `vary` are the request fields that choose it.
 * @typedef {{ value: Buffer | undefined, lifeMs: number, tags: readonly string[], vary: readonly string[] }} Outcome
 */

/**
 * @param {Buffer | undefined} value
 * @param {number} [lifeMs]
 * @param {readonly string[]} [tags]
 * @param {readonly string[]} [vary]
 * @returns {Outcome}
 */
const outcome = (value, lifeMs = 0, tags = [], vary = []) => ({ value, lifeMs, tags, vary })

const NOTHING = outcome(undefined)
/** It did not come to its end, which says nothing of the page. */
const ABORTED = outcome(undefined)

/**
 * @param {Exchange} exchange
 * @param {{ status: number, message: string | undefined, headers: string[], without: readonly string[] }} head
 * @param {Buffer} body
 * @param {Terms} terms
 * @param {Stored | null} seen what it replaces
 */
async function keepNew(exchange, head, body, terms, seen) {
  const { cache, plan } = exchange.door
  const lifeMs = lifeOf(terms, plan.mode === 'http')
  try {
    const codings = plan.compress ? await codingsOf(body, head.headers) : [{ coding: '', bytes: body }]
    const bodies = await cache.bodies.put(codings, lifeMs)
    if (bodies === null) return NOTHING
    if (seen !== null) cache.bodies.replaced(seen.bodies)
    return outcomeOf(exchange, recordOf(exchange, head, bodies, terms), lifeMs, terms)
  } catch (error) {
    exchange.door.failed(error)
    return NOTHING
  }
}

/**
 * What is stored under the fields of a 304, before that is stored; `null` where the 304 is about another response.
 * @param {Exchange} exchange
 * @param {Stored} seen
 * @param {string[]} fields
 * @param {import('../http/outgoing').Snapshot} before
 */
function freshened(exchange, seen, fields, before) {
  const { door, req, res } = exchange
  if (!freshens(seen.headers, fields)) return null
  const headers = mergeHeaders(seen.headers, storable(fields, before))
  const terms = door.judge(req, seen.status, headers)
  try {
    exchange.tags = door.tagsOf(req, res)
  } catch (error) {
    door.failed(error)
    return null
  }
  const lifeMs = terms.storable ? lifeOf(terms, door.plan.mode === 'http') : 0
  const record = recordOf(exchange, { status: seen.status, message: seen.meta.m, headers, without: seen.without }, seen.bodies, terms)
  return { record, view: /** @type {Stored} */ (decode(record)), lifeMs, terms }
}

/**
 * @param {Exchange} exchange
 * @param {Stored} seen
 * @param {{ record: Buffer, lifeMs: number, terms: Terms }} again
 */
async function keepAgain(exchange, seen, { record, lifeMs, terms }) {
  const isThere = await exchange.door.cache.bodies.keep(seen.bodies, lifeMs)
  return isThere ? outcomeOf(exchange, record, lifeMs, terms) : NOTHING
}

/**
 * @param {Exchange} exchange
 * @param {{ status: number, message: string | undefined, headers: string[], without: readonly string[] }} head
 * @param {readonly import('../http/record').Body[]} bodies
 * @param {Terms} terms
 */
function recordOf(exchange, head, bodies, terms) {
  return responseRecord({ ...head, storedAt: Date.now(), terms, variant: exchange.variantOf(exchange.variesBy(terms.vary)) }, bodies)
}

/**
 * @param {Exchange} exchange
 * @param {Buffer} record
 * @param {number} lifeMs
 * @param {Terms} terms
 */
function outcomeOf(exchange, record, lifeMs, terms) {
  exchange.door.cache.counts.stores++
  return outcome(record, lifeMs, exchange.tags, exchange.variesBy(terms.vary))
}

/** Tells the variants of a page from those of an earlier one. */
const newGeneration = () => randomBytes(9).toString('base64url')

module.exports = { ABORTED, NOTHING, outcome, freshened, keepAgain, keepNew, newGeneration }
