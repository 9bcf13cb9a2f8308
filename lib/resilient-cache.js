'use strict'

// `ResilientCache`: the public class. A `TypeSafeCache` that degrades, and tells of each write whether it was done.

const { TypeSafeCache, done } = require('./cache')
const { KNOWN } = require('./cache-options')
const check = require('./check')

const OPTIONS = KNOWN.filter((name) => name !== 'onUnavailable')

class ResilientCache {
  #cache

  /**
   * @param {import('./redis').Redis} redis
   * @param {import('../index').ResilientCacheOptions} [options]
   */
  constructor(redis, options) {
    this.#cache = new TypeSafeCache(redis, { ...check.options(options, 'options', OPTIONS), onUnavailable: 'degrade' })
  }

  get namespace() {
    return this.#cache.namespace
  }

  /** @param {Parameters<TypeSafeCache['get']>} args */
  get(...args) {
    return this.#cache.get(...args)
  }

  /** @param {Parameters<TypeSafeCache['peek']>} args */
  peek(...args) {
    return this.#cache.peek(...args)
  }

  /** @param {Parameters<TypeSafeCache['lookup']>} args */
  lookup(...args) {
    return this.#cache.lookup(...args)
  }

  /** @param {Parameters<TypeSafeCache['set']>} args */
  async set(...args) {
    return done.set(this.#cache, ...args)
  }

  /** @param {Parameters<TypeSafeCache['del']>} args */
  async del(...args) {
    return done.del(this.#cache, ...args)
  }

  /** @param {Parameters<TypeSafeCache['del']>} args */
  delete(...args) {
    return this.del(...args)
  }

  /** @param {Parameters<TypeSafeCache['exists']>} args */
  exists(...args) {
    return this.#cache.exists(...args)
  }

  /** @param {Parameters<TypeSafeCache['getOrSet']>} args */
  getOrSet(...args) {
    return this.#cache.getOrSet(...args)
  }

  /** @param {Parameters<TypeSafeCache['getStale']>} args */
  getStale(...args) {
    return this.#cache.getStale(...args)
  }

  /** @param {Parameters<TypeSafeCache['getOrSetMany']>} args */
  getOrSetMany(...args) {
    return this.#cache.getOrSetMany(...args)
  }

  /** @param {Parameters<TypeSafeCache['getMany']>} args */
  getMany(...args) {
    return this.#cache.getMany(...args)
  }

  /** @param {Parameters<TypeSafeCache['setMany']>} args */
  async setMany(...args) {
    return done.setMany(this.#cache, ...args)
  }

  /** @param {Parameters<TypeSafeCache['deleteMany']>} args */
  deleteMany(...args) {
    return this.#cache.deleteMany(...args)
  }

  /** @param {Parameters<TypeSafeCache['deletePattern']>} args */
  deletePattern(...args) {
    return this.#cache.deletePattern(...args)
  }

  clear() {
    return this.#cache.clear()
  }

  /** @param {Parameters<TypeSafeCache['wrap']>} args */
  wrap(...args) {
    return this.#cache.wrap(...args)
  }

  metrics() {
    return this.#cache.metrics()
  }
}

module.exports = { ResilientCache }
