'use strict'

// `Cached`: the decorator of methods, for both standards of TypeScript.

const { TypeSafeCache } = require('./cache')
const check = require('./check')
const { getRedis } = require('./clients')
const { labelLater, labelOf, methodName } = require('./defining-class')
const { typeError, kindOf } = require('./errors')
const { memoise } = require('./memo')
const { stableKey } = require('./stable-key')

/**
 * What all methods over one client share, unless they are given a cache.
 * @type {WeakMap<import('./redis').Redis, TypeSafeCache>}
 */
const caches = new WeakMap()

/** @param {import('./redis').Redis} redis */
function cacheOver(redis) {
  const cache = caches.get(redis) ?? new TypeSafeCache(redis)
  caches.set(redis, cache)
  return cache
}

/** Asked at each call, because a closed client has a successor. */
function cacheOfProcess() {
  return cacheOver(getRedis())
}

/**
 * @param {unknown} [options] a `ttl`, or an object
 * @param {unknown} [namespace]
 */
function Cached(options, namespace) {
  const { cache, name, plan } = settings(options, namespace)

  /**
   * `(prototype or class, property, descriptor)` under `experimentalDecorators`, `(method, context)` as TC39 has it.
   * @param {any} target
   * @param {any} context
   * @param {any} descriptor
   */
  return function decorate(target, context, descriptor) {
    if (typeof context === 'object' && context !== null) return decorateStandard(target, context)
    const method = methodOf(descriptor?.value)
    const label = name ?? labelOf(typeof target === 'function' ? target : target.constructor, methodName(context))
    return { ...descriptor, value: cached(method, () => label) }
  }

  /**
   * @param {unknown} value
   * @param {import('./defining-class').Context & { kind: string }} context
   */
  function decorateStandard(value, context) {
    if (context.kind !== 'method') throw notMethod()
    /** @type {(self: unknown) => string} */
    const label = name === undefined ? labelLater(context, () => decorated) : () => name
    const decorated = cached(methodOf(value), label)
    return decorated
  }

  /**
   * @param {(...args: any[]) => any} method
   * @param {(self: unknown) => string} label
   */
  function cached(method, label) {
    return memoise(cache, method, /** @this {unknown} */ function (...args) {
      return `${label(this)}:${stableKey(args)}`
    }, plan)
  }
}

/**
 * @param {unknown} options
 * @param {unknown} namespace
 * @returns {{ cache: import('./memo').Cache | (() => import('./memo').Cache), name?: string, plan: Record<string, any> }}
 */
function settings(options, namespace) {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) {
    if (namespace !== undefined) throw typeError('a namespace beside options belongs into them')
    const { cache, redis, name, ...plan } = /** @type {any} */ (options)
    if (name !== undefined) check.key(name, 'options.name')
    return { cache: cacheOf(cache, redis), name, plan }
  }
  /** @type {Record<string, unknown>} */
  const plan = {}
  if (options !== undefined) {
    check.ttl(options, 'ttl')
    plan.ttl = options
  }
  if (namespace !== undefined) {
    check.key(namespace, 'namespace')
    plan.namespace = namespace
  }
  return { cache: cacheOfProcess, plan }
}

/**
 * @param {any} cache
 * @param {any} redis
 */
function cacheOf(cache, redis) {
  if (cache === undefined) return redis === undefined ? cacheOfProcess : cacheOver(redis)
  if (redis !== undefined) throw typeError('options.cache and options.redis exclude each other')
  if (typeof cache?.getOrSet !== 'function' || typeof cache.del !== 'function') {
    throw typeError(`options.cache must be a TypeSafeCache, got ${kindOf(cache)}`)
  }
  return cache
}

/**
 * @param {unknown} value
 * @returns {(...args: any[]) => any}
 */
function methodOf(value) {
  if (typeof value !== 'function') throw notMethod()
  return /** @type {(...args: any[]) => any} */ (value)
}

function notMethod() {
  return typeError('Cached decorates methods, and nothing else')
}

module.exports = { Cached }
