'use strict'

// Sessions, as every door has them. What each call does lies beside.

const { register } = require('../registry')
const { ById } = require('./by-id')
const { isId } = require('./names')
const { OldStore } = require('./old-store')
const { partsOf } = require('./parts')
const { rotate } = require('./rotation')
const { Users } = require('./users')

/** @typedef {import('./record').Read} Read */

class Sessions {
  #parts
  #byId
  #users
  #old

  /**
   * @param {import('../redis').Redis} redis
   * @param {import('./options').Settings} settings
   */
  constructor(redis, settings) {
    this.#parts = partsOf(redis, settings)
    this.#old = settings.legacyPrefix === null ? null : new OldStore(this.#parts, settings.legacyPrefix)
    this.#byId = new ById(this.#parts, this.#old)
    this.#users = new Users(this.#parts)
    const { counts } = this.#parts.tally
    register('session', settings.name, this, () => counts)
  }

  /**
   * @param {unknown} id
   * @param {{ sees?: boolean }} [how] `sees`: it lives on by that
   * @returns {Promise<Read | null>}
   */
  read(id, how = {}) {
    return this.#byId.read(id, how)
  }

  /**
   * @param {unknown} id
   * @param {{ version: string, data: string, cookie: string, ttlMs?: number }} session `version` that was read, '' for a new one; `ttlMs`: for how long
   *   it may go unseen, by default as long as before
   */
  write(id, session) {
    return this.#byId.write(id, session)
  }

  /**
   * Has it live on. Whether it was there.
   * @param {unknown} id
   * @param {{ version?: string, cookie?: string, ttlMs?: number }} [how] `version`: that was read, '' for whatever is there: where another has written
   *   since, his cookie and his time stay. `ttlMs`: for how long it may go unseen, by default as long as before
   */
  touch(id, how = {}) {
    return this.#byId.touch(id, how)
  }

  /**
   * Ends it for good. Whether it was there.
   * @param {unknown} id
   * @param {{ buries?: boolean }} [how] `buries`: also where there is nothing no slow request may make something any more
   */
  destroy(id, how = {}) {
    return this.#byId.destroy(id, how)
  }

  /**
   * Gives it another id; for `graceMs` the old one leads to it. What it is then, `null` where it is not there any more.
   * @param {unknown} id
   * @param {string} newId which nobody knows yet
   * @param {{ graceMs?: number }} [how]
   */
  rotate(id, newId, { graceMs = 0 } = {}) {
    return rotate(this.#parts, this.#byId, id, newId, graceMs)
  }

  /**
   * A session of a user under an id that nobody knows yet.
   * @param {string} id
   * @param {{ data: string, userId: string, meta: string | null, ttlMs?: number }} session
   */
  create(id, session) {
    return this.#users.create(id, session)
  }

  /**
   * Says whose it is from now on.
   * @param {unknown} id
   * @param {string} userId
   * @param {string | null} [meta]
   */
  async bind(id, userId, meta = null) {
    if (!isId(id)) return { outcome: /** @type {const} */ ('gone'), reason: /** @type {const} */ ('expired') }
    if (this.#old !== null) await this.#byId.findOwn(id)
    return this.#users.bind(id, userId, meta)
  }

  /** @param {string} userId */
  listForUser(userId) {
    return this.#users.list(userId)
  }

  /**
   * @param {string} userId
   * @param {{ except?: string }} [options] an id
   */
  async destroyAllForUser(userId, { except } = {}) {
    if (!isId(except)) return this.#users.destroyAll(userId, '')
    const kept = await this.#byId.find(except)
    return this.#users.destroyAll(userId, `${this.#parts.names.ofId(except)}\0${kept?.id ?? ''}`)
  }

  /**
   * Ends one of `listForUser`. Whether it was there, and his.
   * @param {string} userId
   * @param {unknown} name its `id` there
   */
  destroyListed(userId, name) {
    return this.#users.destroyListed(userId, name)
  }

  /** @returns {AsyncGenerator<Read[], void>} */
  async *all() {
    const { link, reader } = this.#parts
    for await (const step of link.walk()) {
      const batch = step.map((told) => reader.read(told)).filter((found) => found !== null)
      if (batch.length > 0) yield batch
    }
    if (this.#old !== null) yield* this.#old.all()
  }

  /** @returns {Promise<number>} */
  async count() {
    const count = await this.#parts.link.call((native, ticket) => native.count(ticket))
    return count + ((await this.#old?.count()) ?? 0)
  }

  /** Ends all of them, of all users. Nobody who has read one can write it back. */
  async clear() {
    await this.#parts.link.call((native, ticket) => native.clear(ticket))
    await this.#old?.clear()
  }

  /** @param {'data'} reason what was read is no JSON */
  unreadable(reason) {
    this.#parts.tally.unreadable(reason)
  }

  metrics() {
    return { ...this.#parts.tally.counts }
  }
}

module.exports = { Sessions }
