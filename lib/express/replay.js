'use strict'

// A stored response, given to a client.

const { addCacheStatus } = require('../http/cache-status')
const { isConditional, notModified } = require('../http/conditional')
const { rangeOf } = require('../http/range')
const { chooseEncoding } = require('../http/vary')

/** @typedef {import('../http/record').Stored} Stored */

/** @type {readonly string[]} */
const NOTHING = []

/** Up to so many bytes a body is written as text. */
const TEXT = 16 * 1024

/** What a 304 says, RFC 9110 section 15.4.5, and what belongs to this one. */
const OF_304 = new Set(['cache-control', 'content-location', 'date', 'etag', 'expires', 'vary', 'last-modified', 'cdn-cache-control'])

/**
 * What a client is to get of it.
 * @typedef {{ status: number, fields: readonly [name: string, value: string | string[]][], more: readonly string[], body: import('../http/record').Body | null, start: number, end: number }} Answer
 */

/**
 * Gives it at once, or rejects before anything was sent where its body is gone.
 * @param {any} req
 * @param {any} res
 * @param {Stored} stored
 * @param {{ bodies: import('../http/bodies').Bodies, now: number, status: string, lost(): void }} how what to say in `Cache-Status`; who is told that a part of the body is gone
 * @returns {void | Promise<void>}
 */
function replay(req, res, stored, { bodies, now, status, lost }) {
  const answer = answerOf(req, stored)
  const begin = () => {
    writeFields(res, stored, answer)
    res.setHeader('Age', String(Math.floor(stored.ageAt(now) / 1000)))
    addCacheStatus(res, status)
  }
  const { body, start, end } = answer
  if (body === null || req.method === 'HEAD') {
    begin()
    return void res.end()
  }
  if (body.parts !== null) return stream(res, bodies.read(body, start, end), begin, lost)
  begin()
  const bytes = /** @type {Buffer} */ (body.bytes)
  if (end - start + 1 < bytes.length) res.end(bytes.subarray(start, end + 1))
  else if (bytes.length > TEXT) res.end(bytes)
  else res.end(textOf(body, bytes), 'latin1')
}

/**
 * Each byte as a character, which Node puts behind the head without a second piece to be written. Kept for the next who asks.
 * @param {import('../http/record').Body} body
 * @param {Buffer} bytes
 */
function textOf(body, bytes) {
  return (body.text ??= bytes.toString('latin1'))
}

/**
 * @param {any} res
 * @param {Stored} stored
 * @param {Answer} answer
 */
function writeFields(res, stored, { status, fields, more, body, start, end }) {
  res.statusCode = status
  if (status === stored.status && stored.meta.m !== undefined) res.statusMessage = stored.meta.m
  for (const name of stored.without) res.removeHeader(name)
  for (const [name, value] of fields) res.setHeader(name, value)
  for (let i = 0; i < more.length; i += 2) {
    if (more[i] === 'Vary') appendVary(res, more[i + 1])
    else res.setHeader(more[i], more[i + 1])
  }
  if (body === null) res.removeHeader('Content-Length')
  else res.setHeader('Content-Length', String(end - start + 1))
}

/**
 * @param {any} req
 * @param {Stored} stored
 * @returns {Answer}
 */
function answerOf(req, stored) {
  const { headers, method } = req
  const plain = { status: stored.status, fields: stored.fields, more: NOTHING, body: null, start: 0, end: -1 }
  if (stored.status === 204 || stored.status === 304) return plain
  /** @type {string[]} */
  const more = []
  const body = bodyFor(headers, stored, more)
  if (stored.status === 200 && isConditional(headers) && notModified(headers, stored.etag, stored.lastModified ?? stored.date)) {
    const fields = stored.fields.filter(([name]) => OF_304.has(name.toLowerCase()))
    return { ...plain, status: 304, fields, more: more.filter((_, i) => OF_304.has(more[i - (i % 2)].toLowerCase())) }
  }
  const whole = { ...plain, more, body, end: body.length - 1 }
  if (stored.status !== 200 || method !== 'GET' || headers.range === undefined) return whole
  const range = rangeOf(headers, body.length, stored)
  if (range === null) return whole
  if (range === 'unsatisfiable') return { ...plain, status: 416, fields: [], more: ['Content-Range', `bytes */${body.length}`] }
  const [{ start, end }] = range
  return { ...whole, status: 206, more: ['Content-Range', `bytes ${start}-${end}/${body.length}`], start, end }
}

/**
 * The body in the coding that a client likes best, the plain one for a part of it.
 * @param {Record<string, any>} headers
 * @param {Stored} stored
 * @param {string[]} more what is to be said of it
 */
function bodyFor(headers, { bodies: [plain, ...coded], etag }, more) {
  if (coded.length === 0) return plain
  more.push('Vary', 'Accept-Encoding')
  if (headers.range !== undefined) return plain
  const coding = chooseEncoding(headers['accept-encoding'], coded.map((body) => body.coding))
  const body = coded.find((one) => one.coding === coding)
  if (body === undefined) return plain
  more.push('Content-Encoding', body.coding)
  // Other bytes than those that a strong validator is of.
  if (etag !== undefined && !etag.startsWith('W/')) more.push('ETag', `W/${etag}`)
  return body
}

/**
 * @param {any} res
 * @param {string} name
 */
function appendVary(res, name) {
  const before = String(res.getHeader('Vary') ?? '')
  const names = before.split(',').map((one) => one.trim().toLowerCase())
  if (names.includes('*') || names.includes(name.toLowerCase())) return
  res.setHeader('Vary', before === '' ? name : `${before}, ${name}`)
}

/**
 * Writes no faster than the client reads. A body that cannot be read to its end is cut off, which the client sees by its length.
 * @param {any} res
 * @param {AsyncGenerator<Buffer, void>} parts
 * @param {() => void} begin
 * @param {() => void} lost
 */
async function stream(res, parts, begin, lost) {
  // Before anything is sent: where the first part is gone, the application may still answer.
  const first = await parts.next()
  try {
    begin()
    for (let next = first; next.done !== true; next = await parts.next()) {
      if (res.destroyed || res.writableEnded) return void (await parts.return())
      if (!res.write(next.value)) await drained(res)
    }
    res.end()
  } catch {
    lost()
    res.destroy()
  }
}

/** @param {any} res */
function drained(res) {
  return /** @type {Promise<void>} */ (new Promise((resolve) => {
    const done = () => {
      res.removeListener('drain', done)
      res.removeListener('close', done)
      resolve()
    }
    res.on('drain', done)
    res.on('close', done)
    if (res.destroyed) done()
  }))
}

module.exports = { replay }
