'use strict'

// `cacheMiddleware`: stored responses before request handlers. It asks for nothing but the request and response of `node:http`.

const { TypeSafeCache } = require('../cache')
const check = require('../check')
const { typeError, kindOf } = require('../errors')
const { ResponseCache } = require('../http/response-cache')
const { Redis } = require('../redis')
const { errandOf } = require('./behind')
const { credentialsOf } = require('./credentials')
const { Door } = require('./door')
const { Exchange } = require('./exchange')
const { explain } = require('./explain')
const { planOf } = require('./response-options')
const { invalidateAfter } = require('./unsafe')
const { onlyStored, whyNot } = require('./wishes')

/** Where requests are looked for already. @type {WeakMap<object, Set<string>>} */
const underWay = new WeakMap()

/**
 * @param {any} source
 * @param {any} options
 */
function cacheMiddleware(source, options) {
  if (!(source instanceof Redis) && !(source instanceof TypeSafeCache)) {
    throw typeError(`redis must be a Redis or a TypeSafeCache of this package, got ${kindOf(source)}`)
  }
  const plan = planOf(options)
  const settings = ['prefix', 'namespace', 'near'].filter((name) => options[name] !== undefined)
  if (source instanceof TypeSafeCache && settings.length > 0) throw typeError(`options.${settings[0]} is that of the cache that is given`)
  const door = new Door(ResponseCache.of(source, options), plan)

  /**
   * @param {any} req
   * @param {any} res
   * @param {(error?: any) => void} next
   */
  function cacheResponse(req, res, next) {
    serve(door, req, res, next)
  }
  return Object.assign(cacheResponse, {
    purge: async (/** @type {unknown} */ what) => door.cache.purge(target(what), plan.query),
    invalidateByTag: async (/** @type {string} */ tag) => door.cache.invalidateByTag(tag),
    explain: async (/** @type {any} */ req) => explain(door, req),
    metrics: () => door.cache.metrics(),
  })
}

/**
 * @param {Door} door
 * @param {any} req
 * @param {any} res
 * @param {(error?: any) => void} next
 */
function serve(door, req, res, next) {
  const { plan, cache } = door
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    invalidateAfter(door, req, res)
    return next()
  }
  const errand = errandOf(req, door)
  if (errand !== undefined) return errand.lead(req, res, next)
  /** @type {string} */
  let key
  try {
    const detail = whyNot(req, plan)
    if (detail !== null) {
      door.pass(req, res, detail)
      return next()
    }
    key = door.keyOf(req)
  } catch (error) {
    return next(error)
  }
  const credentials = credentialsOf(req, plan)
  const now = Date.now()
  const atHand = door.atHand(req, key, credentials, now)
  if (atHand !== null) return door.give(req, res, atHand, now, key)
  if (credentials !== null && cache.personal.get(key)) {
    door.pass(req, res, credentials)
    return next()
  }
  // A second one on the way of a request would wait for the first, which waits for it.
  const places = underWay.get(req) ?? new Set()
  if (places.has(cache.space + key)) return next()
  underWay.set(req, places.add(cache.space + key))
  const exchange = new Exchange(door, req, res, next, key, credentials)
  const only = onlyStored(req, plan)
  const serving = only === null ? exchange.serve() : exchange.serveStored(only)
  void serving.catch((error) => {
    door.failed(error)
    if (!exchange.hasLed) exchange.pass('error')
  })
}

/** @param {unknown} what */
function target(what) {
  if (typeof what === 'string') return { url: text(what, 'url') }
  const known = check.options(what, 'what', ['url', 'prefix', 'key', 'tag'])
  const names = Object.keys(known).filter((name) => known[name] !== undefined)
  if (names.length !== 1) throw typeError('what must be a URL, or have one of url, prefix, key and tag')
  return { [names[0]]: text(known[names[0]], names[0]) }
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function text(value, name) {
  check.key(value, name)
  return value
}

module.exports = { cacheMiddleware }
