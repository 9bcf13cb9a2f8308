'use strict'

// `RedisRepository`: the public class.

const check = require('./check')
const { Store, MISS, UNREADABLE } = require('./store')

const DEFAULT_TTL = 3600

class RedisRepository {
  #store
  #namespace
  #ttlMs

  /**
   * @param {import('./redis').Redis} redis
   * @param {string} namespace
   * @param {import('../index').RepositoryOptions} [options]
   */
  constructor(redis, namespace, options) {
    const given = check.options(options, 'options', ['prefix', 'ttl', 'maxValueBytes', 'timeoutMs'])
    this.#store = new Store(redis, given.prefix ?? 'repo', namespace, given)
    this.#namespace = namespace
    this.#ttlMs = check.ttl(given.ttl ?? DEFAULT_TTL, 'options.ttl')
  }

  get namespace() {
    return this.#namespace
  }

  #orNull = (/** @type {any} */ stored) => {
    const value = this.#store.decode(stored)
    return value === MISS || value === UNREADABLE ? null : value
  }

  /** @param {string} id */
  async get(id) {
    check.key(id, 'id')
    return this.#store.get(id, undefined, this.#orNull)
  }

  /**
   * @param {string} id
   * @param {unknown} value
   * @param {import('../index').Duration} [ttl]
   */
  async set(id, value, ttl) {
    check.key(id, 'id')
    const ttlMs = ttl === undefined ? this.#ttlMs : check.ttl(ttl, 'ttl')
    const stored = this.#store.encode(value)
    // What is not to be stored must not leave an older value in its place.
    if (ttlMs === 0) await this.#store.delete([id], undefined)
    else await this.#store.set(id, stored, ttlMs, undefined)
  }

  /** @param {string} id */
  async delete(id) {
    check.key(id, 'id')
    await this.#store.delete([id], undefined)
  }

  /** @param {string} id */
  async exists(id) {
    check.key(id, 'id')
    return this.#store.exists(id, undefined)
  }

  /** @param {readonly string[]} ids */
  async getMany(ids) {
    check.keys(ids, 'ids')
    return ids.length === 0 ? [] : this.#store.getMany([...ids], undefined, (stored) => stored.map(this.#orNull))
  }
}

module.exports = { RedisRepository }
