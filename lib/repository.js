'use strict'

// `RedisRepository`: the public class. A cache that never hides an error, over records of one type.

const { TypeSafeCache, invalidate } = require('./cache')
const given = require('./cache-arguments')
const check = require('./check')

const OPTIONS = ['prefix', 'name', 'ttl', 'near', 'codec', 'schema', 'migrate', 'compress', 'maxValueBytes', 'timeoutMs', 'onUnavailable', 'tags']

class RedisRepository {
  #cache
  /** @type {((value: any, id: string) => unknown) | null} */
  #tagsOf = null

  /**
   * @param {import('./redis').Redis} redis
   * @param {string} namespace
   * @param {import('../index').RepositoryOptions<any>} [options]
   */
  constructor(redis, namespace, options) {
    const { tags, ...rest } = check.options(options, 'options', OPTIONS)
    check.key(namespace, 'namespace')
    if (tags !== undefined) {
      check.callable(tags, 'options.tags')
      this.#tagsOf = tags
    }
    this.#cache = new TypeSafeCache(redis, { prefix: 'repo', ...rest, namespace })
  }

  get namespace() {
    return this.#cache.namespace
  }

  /** @param {string} id */
  async get(id) {
    check.key(id, 'id')
    return this.#cache.get(id)
  }

  /**
   * @param {string} id
   * @param {unknown} value
   * @param {import('../index').Duration} [ttl]
   */
  async set(id, value, ttl) {
    check.key(id, 'id')
    if (ttl !== undefined) check.ttl(ttl, 'ttl')
    const tags = this.#tagsOf === null ? given.NO_TAGS : given.tags(this.#tagsOf(value, id), 'what options.tags gave')
    await this.#cache.set(id, value, ttl === undefined ? { tags } : { ttl, tags })
  }

  /** @param {string} id */
  async delete(id) {
    check.key(id, 'id')
    await this.#cache.del(id)
  }

  /** @param {string} id */
  async exists(id) {
    check.key(id, 'id')
    return this.#cache.exists(id)
  }

  /** @param {readonly string[]} ids */
  async getMany(ids) {
    return this.#cache.getMany(check.keys(ids, 'ids'))
  }

  /** @param {string} tag */
  async deleteByTag(tag) {
    check.key(tag, 'tag')
    return invalidate(this.#cache, [tag], false, false)
  }

  metrics() {
    const { degraded, nearHits } = this.#cache.metrics()
    return { degraded, nearHits }
  }
}

module.exports = { RedisRepository }
