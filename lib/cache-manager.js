'use strict'

// `CacheManager`: the public class. A cache whose entries carry tags, and can be invalidated by them.

const { TypeSafeCache, invalidate } = require('./cache')
const given = require('./cache-arguments')
const check = require('./check')

class CacheManager {
  #cache

  /**
   * @param {import('./redis').Redis} redis
   * @param {import('../index').CacheOptions} [options]
   */
  constructor(redis, options) {
    this.#cache = new TypeSafeCache(redis, options)
  }

  get namespace() {
    return this.#cache.namespace
  }

  /**
   * @param {string} key
   * @param {unknown} value
   * @param {import('../index').Duration} ttl
   * @param {readonly string[]} tags
   */
  async cacheWithTags(key, value, ttl, tags) {
    check.ttl(ttl, 'ttl')
    return this.#cache.set(key, value, { ttl, tags: given.tags(tags, 'tags') })
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

  /** @param {Parameters<TypeSafeCache['getOrSet']>} args */
  getOrSet(...args) {
    return this.#cache.getOrSet(...args)
  }

  /** @param {Parameters<TypeSafeCache['del']>} args */
  del(...args) {
    return this.#cache.del(...args)
  }

  /** @param {Parameters<TypeSafeCache['del']>} args */
  delete(...args) {
    return this.#cache.del(...args)
  }

  /**
   * @param {string} tag
   * @param {{ mode?: 'delete' | 'expire' }} [options]
   */
  async invalidateByTag(tag, options) {
    check.key(tag, 'tag')
    const { mode } = check.options(options, 'options', ['mode'])
    return invalidate(this.#cache, [tag], false, expires(mode))
  }

  /**
   * @param {readonly string[]} tags
   * @param {{ match?: 'any' | 'all', mode?: 'delete' | 'expire' }} [options]
   */
  async invalidateByTags(tags, options) {
    const list = given.tags(tags, 'tags')
    const { match = 'any', mode } = check.options(options, 'options', ['match', 'mode'])
    const isAll = check.oneOf(match, 'options.match', ['any', 'all']) === 'all'
    const expire = expires(mode)
    return list.length === 0 ? 0 : invalidate(this.#cache, list, isAll, expire)
  }

  metrics() {
    return this.#cache.metrics()
  }
}

/** @param {unknown} mode */
function expires(mode = 'delete') {
  return check.oneOf(mode, 'options.mode', ['delete', 'expire']) === 'expire'
}

module.exports = { CacheManager }
