'use strict'

// What another store has left, asked for where there is nothing of ours.

const { Legacy, textOf } = require('./legacy')
const { CODE, FIELD } = require('./record')
const { done, undone } = require('./written')

/** @typedef {import('./record').Read} Read */

class OldStore {
  #link
  #names
  #seal
  #tally
  #reader
  #settings
  #legacy

  /**
   * @param {import('./parts').Parts} parts
   * @param {string} prefix
   */
  constructor({ link, names, seal, tally, reader, settings }, prefix) {
    this.#link = link
    this.#names = names
    this.#seal = seal
    this.#tally = tally
    this.#reader = reader
    this.#settings = settings
    this.#legacy = new Legacy(prefix)
  }

  /**
   * @param {string} id
   * @returns {Promise<Read | null>}
   */
  async read(id) {
    const key = this.#legacy.keyOf(id)
    const [code, , text, expiresAt] = await this.#link.call((native, ticket) => native.lookUp(ticket, key))
    if (code !== CODE.LIVE) return null
    return this.#parsed(text, expiresAt, id)
  }

  /**
   * @param {any} text
   * @param {number} expiresAt
   * @param {string} id
   */
  #parsed(text, expiresAt, id) {
    const found = this.#legacy.read(text, expiresAt, this.#names.presentOf(id))
    if (found === null) this.#tally.unreadable('data')
    return found
  }

  /**
   * @param {string} id
   * @param {{ version: string, data: string, cookie: string, ttlMs: number }} session
   * @returns {Promise<import('./by-id').Written>}
   */
  async write(id, { version, data, cookie, ttlMs }) {
    const name = this.#names.presentOf(id)
    const key = this.#legacy.keyOf(id)
    const d = this.#seal.close(data, name, FIELD.DATA)
    const told = await this.#link.call((native, ticket) => native.adopt(ticket, name, key, textOf(version), ttlMs || this.#settings.ttlMs, d, cookie))
    return done(told, this.#tally) ?? undone(told, await this.#instead(told, id), this.#tally)
  }

  /**
   * What is there in the place of what was read.
   * @param {any[]} told
   * @param {string} id
   */
  async #instead(told, id) {
    if (told[0] === CODE.CHANGED) return this.read(id)
    if (told[0] === CODE.CONFLICT) return this.#reader.read(told)
    if (told[0] !== CODE.MOVED) return null
    const { told: moved } = await this.#link.follow(told[2], (names) => this.#link.call((native, ticket) => native.read(ticket, names, false)))
    return this.#reader.read(moved, true)
  }

  /**
   * @param {string} id
   * @param {{ cookie: string | undefined, ttlMs: number }} how
   */
  async touch(id, { cookie, ttlMs }) {
    const found = await this.read(id)
    if (found === null) return false
    const { version, data } = found
    const written = await this.write(id, { version, data, cookie: cookie ?? found.cookie, ttlMs })
    return written.outcome !== 'gone'
  }

  /**
   * @param {string} id
   * @returns {Promise<boolean>}
   */
  forget(id) {
    const key = this.#legacy.keyOf(id)
    return this.#link.call((native, ticket) => native.forgetForeign(ticket, key))
  }

  /** @returns {AsyncGenerator<Read[], void>} */
  async *all() {
    for await (const step of this.#link.walk(this.#legacy.prefix)) {
      const batch = step.flatMap(([code, key, text, expiresAt]) => {
        if (code !== CODE.LIVE || typeof key !== 'string') return []
        const found = this.#parsed(text, expiresAt, this.#legacy.idOf(key))
        return found === null ? [] : [found]
      })
      if (batch.length > 0) yield batch
    }
  }

  async count() {
    let count = 0
    for await (const batch of this.all()) count += batch.length
    return count
  }

  /** @returns {Promise<void>} */
  clear() {
    return this.#link.call((native, ticket) => native.clear(ticket, this.#legacy.prefix))
  }
}

module.exports = { OldStore }
