'use strict'

// Cache-aside for route handlers, of the App Router and of the Pages Router.

const { TypeSafeCache } = require('../cache')
const check = require('../check')
const { typeError, kindOf } = require('../errors')
const { targetOf } = require('../http/key')

const KNOWN = /** @type {const} */ (['ttl', 'staleTtl', 'tags', 'key'])
const METHODS = 'GET, HEAD'

/**
 * @param {unknown} cache
 * @param {any} options
 * @param {unknown} load
 */
function cachedRoute(cache, options, load) {
  if (!(cache instanceof TypeSafeCache)) throw typeError(`cache must be a TypeSafeCache, got ${kindOf(cache)}`)
  const { key, tags, ttl, staleTtl } = check.options(options, 'options', KNOWN)
  check.callable(load, 'load')
  if (key !== undefined && typeof key !== 'string') check.callable(key, 'options.key')
  if (typeof key === 'string') check.key(key, 'options.key')
  const how = Object.fromEntries(Object.entries({ ttl, staleTtl, tags }).filter(([, value]) => value !== undefined))
  const asked = /** @type {(request: any, context: any) => unknown} */ (load)

  /**
   * @param {any} request
   * @param {any} [context] a response, in the Pages Router
   */
  return async function route(request, context) {
    const answer = typeof context?.setHeader === 'function' ? (/** @type {Answer} */ given) => write(context, given) : respond
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer({ status: 405, headers: { Allow: METHODS } })
    let isHit = true
    const value = await cache.getOrSet(keyOf(key, request, context), async () => {
      isHit = false
      const value = await asked(request, context)
      if (value instanceof Response) throw typeError('load must give data, got a Response')
      return value
    }, how)
    const headers = { 'X-Cache': isHit ? 'HIT' : 'MISS' }
    if (value === undefined) return answer({ status: 404, headers })
    return answer({ status: 200, headers: { ...headers, 'Content-Type': 'application/json' }, body: request.method === 'HEAD' ? undefined : JSON.stringify(value) })
  }
}

/** @typedef {{ status: number, headers: Record<string, string>, body?: string }} Answer */

/**
 * @param {any} key
 * @param {any} request
 * @param {any} context
 * @returns {string}
 */
function keyOf(key, request, context) {
  if (typeof key === 'function') return key(request, context)
  // That of the App Router is whole, that of the Pages Router begins with the path.
  const { pathname, search } = new URL(request.url, 'http://any')
  return key ?? targetOf(pathname + search, true)
}

/** @param {Answer} answer */
function respond({ status, headers, body }) {
  return new Response(body, { status, headers })
}

/**
 * @param {any} response
 * @param {Answer} answer
 */
function write(response, { status, headers, body }) {
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  response.end(body)
}

module.exports = { cachedRoute }
