'use strict'

// One cache a process and settings, whoever asks for it: Next.js makes its handlers anew for each request, and may load their files more than once.

const { fromEnvironment } = require('../options')
const { Redis } = require('../redis')
const { NextCache } = require('./next-cache')
const { settingsOf } = require('./settings')

const SHARED = Symbol.for('redwright.next')

/** @type {{ redis?: Redis | null, caches: Map<string, NextCache>, ofClients: WeakMap<Redis, Map<string, NextCache>> }} */
const shared = (/** @type {any} */ (globalThis)[SHARED] ??= { caches: new Map(), ofClients: new WeakMap() })

/** Any of these says where Redis is. */
const WHERE = ['REDIS_URL', 'REDIS_HOST']

/**
 * The cache of a client, or of the client that the environment names; `null` where it names none.
 * @param {any} options whose names are known
 * @returns {NextCache | null}
 */
function cacheOf({ redis, ...given }) {
  const settings = settingsOf(given)
  const client = redis ?? defaultClient(settings.timeoutMs)
  if (client === null) return null
  const caches = redis === undefined ? shared.caches : (shared.ofClients.get(redis) ?? new Map())
  if (redis !== undefined) shared.ofClients.set(redis, caches)
  const id = JSON.stringify(settings)
  const known = caches.get(id)
  if (known !== undefined) return known
  const made = new NextCache(client, settings)
  caches.set(id, made)
  return made
}

/** @param {number} timeoutMs */
function defaultClient(timeoutMs) {
  if (shared.redis !== undefined) return shared.redis
  const { env } = process
  if (WHERE.some((name) => env[name])) return (shared.redis = clientOf(env, timeoutMs))
  if (env.NODE_ENV === 'development') return (shared.redis = new Redis({ url: 'embedded://', commandTimeout: timeoutMs }))
  return (shared.redis = without('REDIS_URL is not set'))
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {number} timeoutMs
 */
function clientOf(env, timeoutMs) {
  try {
    return new Redis({ .../** @type {any} */ (fromEnvironment(env)), commandTimeout: timeoutMs })
  } catch (/** @type {any} */ error) {
    // An application that renders is better than one that does not.
    return without(error.message)
  }
}

/** @param {string} why */
function without(why) {
  process.emitWarning(`${why}, so Next.js stores nothing in Redis`, { code: 'REDWRIGHT_NEXT_NO_REDIS' })
  return null
}

module.exports = { cacheOf }
