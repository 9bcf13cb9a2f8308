'use strict'

// One cache a process and settings, whoever asks for it: Next.js makes its handlers anew for each request, and may load their files more than once.

const check = require('../check')
const { typeError, kindOf } = require('../errors')
const { fromEnvironment } = require('../options')
const { Redis } = require('../redis')
const { NextCache } = require('./next-cache')
const { KNOWN, settingsOf } = require('./settings')

const SHARED = Symbol.for('redwright.next')

/** @type {{ redis?: Redis | null, caches: Map<string, NextCache>, ofClients: WeakMap<Redis, Map<string, NextCache>> }} */
const shared = (/** @type {any} */ (globalThis)[SHARED] ??= { caches: new Map(), ofClients: new WeakMap() })

/** Any of these says where Redis is. */
const WHERE = ['REDIS_URL', 'REDIS_HOST']

/** What a handler was told, checked at once, and its cache, which is there from the first use on. */
class Shared {
  #redis
  /** @type {NextCache | null | undefined} */
  #cache
  settings

  /** @param {unknown} options */
  constructor(options) {
    const { redis, ...given } = check.options(options, 'options', ['redis', ...KNOWN])
    if (redis !== undefined && !(redis instanceof Redis)) throw typeError(`options.redis must be a Redis of this package, got ${kindOf(redis)}`)
    this.#redis = redis
    this.settings = settingsOf(given)
  }

  /** `null` where nobody says where Redis is. */
  get cache() {
    return this.#cache === undefined ? (this.#cache = cacheOf(this.#redis, this.settings)) : this.#cache
  }

  /** The last invalidation that is known; 0 for none. */
  get number() {
    return this.#cache?.number ?? 0
  }
}

/**
 * @param {Redis | undefined} redis
 * @param {import('./settings').Settings} settings
 */
function cacheOf(redis, settings) {
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

module.exports = { Shared }
