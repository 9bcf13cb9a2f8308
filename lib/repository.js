'use strict'

// `RedisRepository`: the public class.

const check = require('./check')
const { Degrade, nothing, nowhere, unsaid } = require('./degrade')
const { Store, decode, MISS, UNREADABLE } = require('./store')

const DEFAULT_TTL = 3600

class RedisRepository {
  #store
  #namespace
  #ttlMs
  #counts = { degraded: 0 }
  #degrade

  /**
   * @param {import('./redis').Redis} redis
   * @param {string} namespace
   * @param {import('../index').RepositoryOptions} [options]
   */
  constructor(redis, namespace, options) {
    const known = check.options(options, 'options', ['prefix', 'ttl', 'maxValueBytes', 'timeoutMs', 'onUnavailable'])
    const { prefix = 'repo', ttl = DEFAULT_TTL } = known
    check.key(namespace, 'namespace')
    this.#namespace = namespace
    this.#store = new Store(redis, prefix, namespace, known)
    this.#ttlMs = check.ttl(ttl, 'options.ttl')
    this.#degrade = new Degrade(known.onUnavailable, this.#counts)
  }

  get namespace() {
    return this.#namespace
  }

  /** @param {string} id */
  async get(id) {
    check.key(id, 'id')
    return this.#degrade.or(this.#store.get(id, undefined, orNull), nothing)
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
    const work = ttlMs === 0 ? this.#store.delete([id], undefined) : this.#store.set(id, stored, ttlMs, undefined)
    await this.#degrade.or(work, unsaid)
  }

  /** @param {string} id */
  async delete(id) {
    check.key(id, 'id')
    await this.#degrade.or(this.#store.delete([id], undefined), unsaid)
  }

  /** @param {string} id */
  async exists(id) {
    check.key(id, 'id')
    return this.#degrade.or(this.#store.exists(id, undefined), nowhere)
  }

  /** @param {readonly string[]} ids */
  async getMany(ids) {
    const list = check.keys(ids, 'ids')
    return list.length === 0 ? [] : this.#degrade.or(this.#store.getMany(list, undefined, orNull), () => list.map(nothing))
  }

  metrics() {
    return { ...this.#counts }
  }
}

/** @param {any} stored */
function orNull(stored) {
  const value = decode(stored)
  return value === MISS || value === UNREADABLE ? null : value
}

module.exports = { RedisRepository }
