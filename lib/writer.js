'use strict'

// What a cache writes: values with their lives, each write seen by the copies of this process.

const { NO_TERMS, WHENEVER } = require('./store')

/** @typedef {{ ttlMs: number, staleMs: number, tags: readonly string[], negative: boolean }} Decision how a value is to be stored */

class Writer {
  #store
  #values
  #writes
  #namespace
  #tally
  #jitter

  /**
   * @param {import('./store').Store} store
   * @param {import('./values').Values} values
   * @param {import('./own-writes').OwnWrites} writes
   * @param {import('./tally').Tally} tally
   * @param {{ namespace: string, jitter: number }} settings
   */
  constructor(store, values, writes, tally, { namespace, jitter }) {
    this.#store = store
    this.#values = values
    this.#writes = writes
    this.#namespace = namespace
    this.#tally = tally
    this.#jitter = jitter
  }

  /**
   * Stores. Whether the terms held.
   * @param {string} key
   * @param {unknown} value
   * @param {string | undefined} namespace
   * @param {Decision} decision
   * @param {import('./store').Terms} terms
   */
  async keep(key, value, namespace, decision, terms) {
    const payload = this.#values.encode(value)
    const lifeMs = this.#lifeOf(decision.ttlMs, decision.staleMs)
    const stored = await this.#written([key], namespace, () => this.#store.put(key, payload, lifeMs, decision, terms, namespace))
    if (stored) this.#tally.stored(1)
    return stored
  }

  /**
   * As `keep` for some of one stale life, on the same terms.
   * @param {{ key: string, value: unknown, decision: Decision | null }[]} entries
   * @param {string | undefined} namespace
   * @param {{ loadMs: number, token: number, epoch: number }} terms
   */
  async keepMany(entries, namespace, terms) {
    const decisions = /** @type {Decision[]} */ (entries.map(({ decision }) => decision))
    const [{ staleMs }] = decisions
    const payloads = entries.map(({ value }, i) => this.#values.encode(value, `the value of key ${i}`))
    const lives = decisions.map(({ ttlMs }) => this.#lifeOf(ttlMs, staleMs))
    const manner = { ...terms, staleMs, tags: decisions.map(({ tags }) => tags) }
    const keys = entries.map(({ key }) => key)
    const stored = await this.#written(keys, namespace, () => this.#store.putMany(keys, payloads, lives, manner, namespace))
    this.#tally.stored(stored.filter(Boolean).length)
    return stored
  }

  /**
   * Stores whatever is there.
   * @param {string} key
   * @param {string | Uint8Array} payload
   * @param {string | undefined} namespace
   * @param {Decision} decision
   */
  async set(key, payload, namespace, decision) {
    const lifeMs = this.#lifeOf(decision.ttlMs, decision.staleMs)
    await this.#written([key], namespace, /** @returns {Promise<unknown>} */ () => {
      if (decision.staleMs === 0 && decision.tags.length === 0) return this.#store.set(key, payload, lifeMs, namespace)
      return this.#store.put(key, payload, lifeMs, decision, NO_TERMS, namespace)
    })
    this.#tally.stored(1)
  }

  /**
   * @param {string[]} keys
   * @param {(string | Uint8Array)[]} payloads
   * @param {string | undefined} namespace
   * @param {{ ttlMs: number, staleMs: number, tags: readonly string[] }} decision
   */
  async setMany(keys, payloads, namespace, { ttlMs, staleMs, tags }) {
    const lives = keys.map(() => this.#lifeOf(ttlMs, staleMs))
    await this.#written(keys, namespace, /** @returns {Promise<unknown>} */ () => {
      if (staleMs === 0 && tags.length === 0) return this.#store.setMany(keys, payloads, lives, namespace)
      const manner = { staleMs, loadMs: 0, tags: keys.map(() => tags), token: 0, epoch: WHENEVER }
      return this.#store.putMany(keys, payloads, lives, manner, namespace)
    })
    this.#tally.stored(keys.length)
  }

  /**
   * Takes away whatever is there. How many were there.
   * @param {string[]} keys
   * @param {string | undefined} namespace
   */
  async delete(keys, namespace) {
    const count = await this.#written(keys, namespace, () => this.#store.delete(keys, namespace))
    this.#tally.invalidated(count)
    return count
  }

  /**
   * Does a write, and sees to the copies of this process.
   * @template T
   * @param {readonly string[]} keys
   * @param {string | undefined} namespace
   * @param {() => Promise<T>} write
   */
  async #written(keys, namespace, write) {
    const slots = this.#writes.begin(namespace ?? this.#namespace, keys)
    try {
      return await write()
    } finally {
      this.#writes.end(slots)
    }
  }

  /**
   * How long it lives in all.
   * @param {number} ttlMs
   * @param {number} staleMs
   */
  #lifeOf(ttlMs, staleMs) {
    if (ttlMs === Infinity) return ttlMs
    return staleMs + (this.#jitter === 0 ? ttlMs : Math.max(1, Math.ceil(ttlMs * (1 - this.#jitter * Math.random()))))
  }
}

module.exports = { Writer }
