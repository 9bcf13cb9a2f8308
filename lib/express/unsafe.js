'use strict'

// Methods that change something: what is stored of what they changed is taken away before their client hears that they have succeeded.

const { AT, addressIn, addressOf, keyOf, targetOf } = require('../http/key')
const { applyHead } = require('./capture')
const { Gate } = require('./gate')

/** RFC 9110 section 9.2.1, but for GET and HEAD. */
const SAFE = new Set(['OPTIONS', 'TRACE'])

/**
 * @param {import('./door').Door} door
 * @param {any} req
 * @param {any} res
 */
function invalidateAfter(door, req, res) {
  if (SAFE.has(req.method) || !door.plan.invalidatesOnWrite) return
  const gate = new Gate(res)
  const { writeHead, flushHeaders, write, end } = res
  let isHead = false
  let hasBegun = false

  /** @param {any} [chunk] what a body begins and ends with @param {any} [encoding] */
  const head = (chunk, encoding) => {
    if (isHead) return
    isHead = true
    sayLength(req, res, chunk, encoding)
    // From here on nothing can be added to it, as everybody knows it of a response.
    writeHead.call(res, res.statusCode)
    if (hasSucceeded(res.statusCode)) gate.holdFor(drop(door, req, res))
  }

  res.writeHead = function (/** @type {any[]} */ ...args) {
    if (isHead || res.headersSent) return writeHead.apply(res, args)
    applyHead(res, args)
    head()
    return res
  }
  res.flushHeaders = function () {
    head()
    hasBegun = true
    gate.pass(flushHeaders, [])
  }
  res.write = function (/** @type {any[]} */ ...args) {
    head()
    hasBegun = true
    return gate.pass(write, args)
  }
  res.end = function (/** @type {any[]} */ ...args) {
    head(args[0], args[1])
    // Whoever has asked since the head left may have stored what was half changed.
    if (hasBegun && hasSucceeded(res.statusCode)) gate.holdFor(drop(door, req, res))
    return gate.end(end, args)
  }
}

/** @param {number} status */
function hasSucceeded(status) {
  return status >= 200 && status < 400
}

/**
 * As Node does where a body begins with its end, which it cannot see any more.
 * @param {any} req
 * @param {any} res
 * @param {any} chunk
 * @param {any} encoding
 */
function sayLength(req, res, chunk, encoding) {
  const isBody = typeof chunk === 'string' || chunk instanceof Uint8Array
  if (!isBody || req.method === 'HEAD' || res.statusCode === 204 || res.statusCode === 304) return
  if (res.hasHeader('Content-Length') || res.hasHeader('Transfer-Encoding')) return
  res.setHeader('Content-Length', String(Buffer.byteLength(chunk, typeof encoding === 'string' ? /** @type {BufferEncoding} */ (encoding) : 'utf8')))
}

/**
 * @param {import('./door').Door} door
 * @param {any} req
 * @param {any} res
 * @returns {Promise<void> | null} resolves when Redis has, or takes its time: what cannot be taken away now ends by its time
 */
function drop(door, req, res) {
  const keys = keysOf(door, req, res)
  return keys.size === 0 ? null : door.cache.dropSoon(keys, (error) => door.failed(error))
}

/**
 * RFC 9111 section 4.4: the target, and what the response names of the same origin.
 * @param {import('./door').Door} door
 * @param {any} req
 * @param {any} res
 */
function keysOf(door, req, res) {
  /** @type {Set<string>} */
  const keys = new Set()
  try {
    keys.add(door.keyOf(req))
  } catch (error) {
    door.failed(error)
  }
  if (door.plan.keyGenerator !== undefined) return keys
  const [target, place] = addressOf(req)
  const [origin] = place.split(AT)
  for (const name of ['Location', 'Content-Location']) {
    const value = res.getHeader(name)
    if (typeof value !== 'string') continue
    try {
      const [named, namedOrigin] = addressIn(new URL(value, `${origin}${target}`).href)
      if (namedOrigin === origin) keys.add(keyOf(targetOf(named, door.plan.query), place))
    } catch {
      // No URL: nothing is named.
    }
  }
  return keys
}

module.exports = { invalidateAfter }
