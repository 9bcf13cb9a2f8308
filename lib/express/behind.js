'use strict'

// The application is asked behind a client that has its answer already. What the client was answered with is sent and gone, so the application gets a request of its own:
// the same once more, through the whole chain of handlers, whose answer goes to nobody but the store.

const { IncomingMessage, ServerResponse } = require('node:http')
const { Duplex } = require('node:stream')
// Not the globals: an environment of a test may lack them or have replaced them.
const { clearTimeout, setImmediate, setTimeout } = require('node:timers')
const { NOTHING } = require('./keep')

/** How long it may take; by then another may have the right to load. */
const LONGEST_MS = 10_000

/** What such a request is for, and who is told of its outcome. @type {WeakMap<object, { key: string, door: object, lead: (req: any, res: any, next: () => void) => void }>} */
const errands = new WeakMap()

/**
 * Whether it is known who serves a request.
 * @param {any} req
 */
function canAskBehind(req) {
  return typeof req.socket?.server?.emit === 'function'
}

/**
 * Where a request came from, as long as that is known: it may be asked again when its connection is gone.
 * @param {any} req
 */
function placeOf(req) {
  const { remoteAddress, remotePort, remoteFamily, localAddress, localPort, encrypted, server } = req.socket
  return { remoteAddress, remotePort, remoteFamily, localAddress, localPort, encrypted, server }
}

/**
 * @param {import('./exchange').Exchange} exchange
 * @param {import('../http/record').Stored | null} seen
 * @param {ReturnType<typeof placeOf>} place
 * @returns {Promise<import('./keep').Outcome>}
 */
function askBehind(exchange, seen, place) {
  const { door, key } = exchange
  door.cache.counts.refreshes++
  return new Promise((resolve) => {
    const req = requestLike(exchange.req, place)
    const res = new ServerResponse(/** @type {any} */ (req))
    // It writes to nowhere, and ends as others do for those who listen.
    res.assignSocket(/** @type {any} */ (req.socket))
    res.once('finish', () => {
      res.detachSocket(/** @type {any} */ (req.socket))
      res.emit('close')
      req.destroy()
    })
    const over = () => {
      clearTimeout(timer)
      resolve(NOTHING)
    }
    const tooLate = () => {
      over()
      res.destroy()
      req.destroy()
    }
    const timer = setTimeout(tooLate, LONGEST_MS)
    timer.unref()
    // Where somebody before us answers, nothing is there to be stored.
    const { end } = res
    res.end = (/** @type {any[]} */ ...args) => {
      res.end = end
      setImmediate(over)
      return end.apply(res, /** @type {any} */ (args))
    }
    const lead = (/** @type {any} */ own, /** @type {any} */ response, /** @type {() => void} */ next) => {
      response.end = end
      void exchange.leadBehind(own, response, next, seen).then((outcome) => {
        clearTimeout(timer)
        resolve(outcome)
      })
    }
    errands.set(req, { key, door, lead })
    place.server.emit('request', req, res)
  })
}

/**
 * The errand of a request that is one, once.
 * @param {any} req
 * @param {object} door
 */
function errandOf(req, door) {
  const errand = errands.get(req)
  if (errand === undefined || errand.door !== door) return undefined
  errands.delete(req)
  return errand
}

/**
 * @param {any} original
 * @param {ReturnType<typeof placeOf>} place
 */
function requestLike(original, place) {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  Object.assign(socket, { ...place, setTimeout() {}, setKeepAlive() {}, setNoDelay() {} })
  const req = new IncomingMessage(/** @type {any} */ (socket))
  req.method = 'GET'
  req.url = original.originalUrl ?? original.url
  req.httpVersion = original.httpVersion
  req.httpVersionMajor = original.httpVersionMajor
  req.httpVersionMinor = original.httpVersionMinor
  const headers = { host: original.headers[':authority'], ...original.headers }
  if (headers.host === undefined) delete headers.host
  for (const name of Object.keys(headers)) if (name.startsWith(':')) delete headers[name]
  for (const name of ['range', 'if-range', 'cache-control', 'pragma', 'content-length', 'transfer-encoding', 'expect', 'upgrade', 'connection']) delete headers[name]
  for (const name of Object.keys(headers)) {
    for (const value of Array.isArray(headers[name]) ? headers[name] : [headers[name]]) req.rawHeaders.push(name, value)
  }
  Object.assign(req.headers, headers)
  req.complete = true
  req.push(null)
  return req
}

module.exports = { askBehind, canAskBehind, errandOf, placeOf }
