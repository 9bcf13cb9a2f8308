'use strict'

// `KeyvRedwright`: a storage adapter for Keyv 5 and 6 over a `TypeSafeCache`, which brings deadlines, the breaker and clusters.

const { EventEmitter } = require('node:events')
const { TypeSafeCache } = require('./cache')
const check = require('./check')
const { walk } = require('./walk')

const PREFIX = 'keyv'
const NAMESPACE = 'default'
/** So many commands of one call are under way at once, as many keys as the cache asks for at once. */
const BATCH = 1000
/** Keyv takes any number; what ends later than a cache can say has no end. In ms, some 95 years. */
const ENDLESS = 3e12

/** @typedef {import('../keyv').KeyvRedwrightEntry} Entry */

class KeyvRedwright extends EventEmitter {
  #redis
  #options
  /** @type {boolean | undefined} */
  #useKeyPrefix
  /** Keyv 6 asks for `capabilities`, and Keyv 5 does not. */
  #isSix = false
  #namespace
  #cache

  /**
   * @param {import('../index').Redis} redis
   * @param {import('../keyv').KeyvRedwrightOptions} [options]
   */
  constructor(redis, options) {
    super()
    const { useKeyPrefix, ...rest } = check.options(options, 'options', Object.keys(Object(options)))
    if (useKeyPrefix !== undefined) check.boolean(useKeyPrefix, 'options.useKeyPrefix')
    this.#redis = redis
    this.#options = { prefix: PREFIX, namespace: NAMESPACE, ttl: Infinity, ...rest }
    this.#useKeyPrefix = useKeyPrefix
    this.#namespace = this.#options.namespace
    this.#cache = this.#open()
    /** What Keyv 5 looks at to know whether a store can be walked. It never holds the address of the server. */
    this.opts = { dialect: 'redis', url: 'redis:' }
  }

  #open() {
    return new TypeSafeCache(/** @type {any} */ (this.#redis), { ...this.#options, namespace: this.#namespace })
  }

  /** `expires: false` says that `set` takes a life and no point in time, under Keyv 5 and 6. */
  get capabilities() {
    this.#isSix = true
    return { expires: false }
  }

  /** @type {string} */
  get namespace() {
    return this.#namespace
  }

  /** Keyv writes its own namespace here; where it has none, that of the options holds. */
  set namespace(/** @type {string | undefined} */ namespace) {
    const next = namespace || this.#options.namespace
    if (next === this.#namespace) return
    check.key(next, 'namespace')
    this.#namespace = next
    this.#cache = this.#open()
  }

  /** Whether Keyv puts its namespace before the keys: Keyv 5 does, unless told otherwise, and Keyv 6 does not. */
  get #isPrefixed() {
    return this.#useKeyPrefix ?? !this.#isSix
  }

  /**
   * The key without the namespace, which stands before it already.
   * @param {string} key
   */
  #id(key) {
    const prefix = `${this.#namespace}:`
    return this.#isPrefixed && typeof key === 'string' && key.startsWith(prefix) ? key.slice(prefix.length) : key
  }

  /** @param {string} key */
  async get(key) {
    return this.#read(async () => (await this.#cache.get(this.#id(key))) ?? undefined)
  }

  /** @param {string[]} keys */
  async getMany(keys) {
    return this.#read(async () => (await this.#cache.getMany(keys.map((key) => this.#id(key)))).map((value) => value ?? undefined))
  }

  /**
   * Keyv 5 tells nobody of a read that failed, unless it is to throw, so its stores do; Keyv 6 tells by itself.
   * @template T
   * @param {() => Promise<T>} run
   */
  async #read(run) {
    try {
      return await run()
    } catch (error) {
      if (!this.#isSix) this.emit('error', error)
      throw error
    }
  }

  /**
   * @param {string} key
   * @param {unknown} value
   * @param {number} [ttl] in ms
   */
  async set(key, value, ttl) {
    await this.#cache.set(this.#id(key), value, life(ttl))
    return true
  }

  /** @param {Entry[]} entries */
  async setMany(entries) {
    /** @type {Map<number | undefined, [string, unknown][]>} */
    const byLife = new Map()
    for (const { key, value, ttl } of entries) {
      const sameLife = byLife.get(ttl) ?? []
      byLife.set(ttl, sameLife)
      sameLife.push([this.#id(key), value])
    }
    await Promise.all([...byLife].map(([ttl, pairs]) => this.#cache.setMany(pairs, life(ttl))))
    return entries.map(() => true)
  }

  /** @param {string} key */
  async delete(key) {
    return (await this.#cache.deleteMany([this.#id(key)])) > 0
  }

  /** @param {string[]} keys */
  async deleteMany(keys) {
    return (await this.#cache.deleteMany(keys.map((key) => this.#id(key)))) > 0
  }

  /** @param {string} key */
  async has(key) {
    return this.#cache.exists(this.#id(key))
  }

  /** @param {string[]} keys */
  async hasMany(keys) {
    const found = []
    for (let i = 0; i < keys.length; i += BATCH) found.push(...(await Promise.all(keys.slice(i, i + BATCH).map((key) => this.has(key)))))
    return found
  }

  async clear() {
    await this.#cache.clear()
  }

  /**
   * Keys as Keyv gave them, with their values.
   * @returns {AsyncGenerator<[string, any], void>}
   */
  async *iterator() {
    if (this.#redis.server.mode === 'cluster') throw new Error('iterator() walks one server, and this is a client of a cluster')
    const cache = this.#cache
    const before = this.#isPrefixed ? `${this.#namespace}:` : ''
    for await (const ids of walk(this.#redis, this.#options.prefix, this.#namespace)) {
      const values = await cache.getMany(ids)
      for (const [i, id] of ids.entries()) if (values[i] !== null) yield [before + id, values[i]]
    }
  }

  /** The client is its owner's to close: others may use it. */
  async disconnect() {}

  /**
   * An `error` that nobody listens to throws in an `EventEmitter`, and must not here.
   * @override
   * @param {string | symbol} event
   * @param {...any} args
   */
  emit(event, ...args) {
    return event === 'error' && this.listenerCount('error') === 0 ? false : super.emit(event, ...args)
  }
}

/**
 * @param {number | undefined} ttl in ms; Keyv says 0 for no end, and a negative one has ended
 * @returns {{ ttl?: import('../index').Duration }}
 */
function life(ttl) {
  if (ttl == null || ttl === 0) return {}
  if (ttl < 0) return { ttl: 0 }
  return { ttl: ttl > ENDLESS ? Infinity : `${Math.ceil(ttl)}ms` }
}

module.exports = { KeyvRedwright }
