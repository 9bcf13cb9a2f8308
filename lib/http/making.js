'use strict'

// What is stored of a response: how long it is kept, its description, its bytes.

const zlib = require('node:zlib')
const { promisify } = require('node:util')
const { FLAG, KIND, encode } = require('./record')

const gzip = promisify(zlib.gzip)
const brotli = promisify(zlib.brotliCompress)

const HOUR = 3_600_000
const YEAR = 366 * 24 * HOUR
/** How long what can be validated is kept behind its time. */
const KEPT_MS = HOUR
/** How long is remembered that a page is not stored, so that nobody waits for another's load of it. */
const PASS_MS = 10_000
const PASS_ERROR_MS = 1_000

const COMPRESSED_FROM = 1024
const COMPRESSIBLE = /^(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml|javascript|x-javascript|wasm|manifest\+json)|image\/svg\+xml)/i

/** @typedef {import('./policy').Terms} Terms */

/**
 * How long a response is kept, in ms; 0 for not at all.
 * @param {Terms} terms
 * @param {boolean} mayValidate whether what is not fresh may be validated
 */
function lifeOf({ freshMs, ageMs, swrMs, sieMs, noCache, validators }, mayValidate) {
  const left = noCache ? 0 : Math.max(0, freshMs - ageMs)
  const stale = Math.max(swrMs, sieMs)
  const kept = mayValidate && validators ? Math.max(stale, KEPT_MS) : stale
  return Math.min(left + kept, YEAR)
}

/**
 * @param {{ status: number, message: string | undefined, headers: string[], without: readonly string[], storedAt: number, terms: Terms, variant: string }} head
 * @param {readonly import('./record').Body[]} bodies
 */
function responseRecord({ status, message, headers, without, storedAt, terms, variant }, bodies) {
  const { freshMs, ageMs, swrMs, sieMs, mustRevalidate, noCache, open, explicit } = terms
  const flags = (mustRevalidate ? FLAG.MUST_REVALIDATE : 0) | (noCache ? FLAG.NO_CACHE : 0) | (open ? FLAG.OPEN : 0) | (explicit ? FLAG.EXPLICIT : 0)
  const f = [freshMs, ageMs, swrMs, sieMs].map((ms) => Math.max(0, Math.min(Math.round(ms), Number.MAX_SAFE_INTEGER)))
  return encode({ k: KIND.RESPONSE, s: status, m: message, h: headers, d: without.length === 0 ? undefined : without, t: storedAt, f: [...f, flags], w: variant === '' ? undefined : variant }, bodies)
}

/**
 * @param {readonly string[]} vary
 * @param {string} generation
 */
function forkRecord(vary, generation) {
  return encode({ k: KIND.FORK, v: vary, g: generation })
}

const PASS_RECORD = encode({ k: KIND.PASS })

/**
 * Its bytes, and where they may be compressed the same in other codings: off this thread, once.
 * @param {Buffer} bytes
 * @param {readonly string[]} headers
 * @returns {Promise<{ coding: string, bytes: Buffer }[]>}
 */
async function codingsOf(bytes, headers) {
  const plain = { coding: '', bytes }
  if (bytes.length < COMPRESSED_FROM || !isCompressible(headers)) return [plain]
  const params = { [zlib.constants.BROTLI_PARAM_QUALITY]: 5, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
  const [br, gz] = await Promise.all([brotli(bytes, { params }), gzip(bytes)])
  const smaller = [{ coding: 'br', bytes: br }, { coding: 'gzip', bytes: gz }].filter((one) => one.bytes.length < bytes.length)
  return [plain, ...smaller]
}

/** @param {readonly string[]} headers */
function isCompressible(headers) {
  let isText = false
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i].toLowerCase()
    if (name === 'content-encoding' || name === 'content-range') return false
    if (name === 'cache-control' && /\bno-transform\b/i.test(headers[i + 1])) return false
    if (name === 'content-type') isText = COMPRESSIBLE.test(headers[i + 1])
  }
  return isText
}

module.exports = { HOUR, PASS_ERROR_MS, PASS_MS, PASS_RECORD, codingsOf, forkRecord, lifeOf, responseRecord }
