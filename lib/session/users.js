'use strict'

// Whose sessions are.

const check = require('../check')
const { checkData, checkMeta } = require('./limits')
const { CODE, FIELD } = require('./record')

/** How a name looks. */
const NAME = /^[A-Za-z0-9_-]{43}$/

/**
 * @typedef {{ outcome: 'bound', evicted: number } | { outcome: 'refused' } | { outcome: 'gone', reason: 'destroyed' | 'expired' }} Bound
 * @typedef {{ outcome: 'written', version: string, createdAt: number, expiresAt: number, evicted: number, id: string } | { outcome: 'refused' }} Created
 */

class Users {
  #link
  #names
  #seal
  #tally
  #reader
  #settings

  /** @param {import('./parts').Parts} parts */
  constructor({ link, names, seal, tally, reader, settings }) {
    this.#link = link
    this.#names = names
    this.#seal = seal
    this.#tally = tally
    this.#reader = reader
    this.#settings = settings
  }

  /**
   * @param {string} id
   * @param {{ data: string, userId: string, meta: string | null, ttlMs?: number }} session
   * @returns {Promise<Created>}
   */
  async create(id, { data, userId, meta, ttlMs = this.#settings.ttlMs }) {
    check.key(userId, 'userId')
    checkData(data)
    checkMeta(meta)
    const name = this.#names.presentOf(id)
    const { maxSessionsPerUser, onLimit } = this.#settings
    const d = this.#seal.close(data, name, FIELD.DATA)
    const [u, m, indexes] = this.#owner(userId, meta, name)
    const told = await this.#link.call((native, ticket) => native.create(ticket, name, ttlMs, d, u, m, indexes, maxSessionsPerUser, onLimit === 'evict'))
    if (told[0] === CODE.REFUSED) return this.#limited()
    const [, , version, createdAt, expiresAt, evicted] = told
    this.#tally.counts.created++
    this.#tally.evicted(evicted)
    return { outcome: 'written', version, createdAt, expiresAt, evicted, id: name }
  }

  /**
   * @param {string} id
   * @param {string} userId
   * @param {string | null} meta
   * @returns {Promise<Bound>}
   */
  async bind(id, userId, meta) {
    check.key(userId, 'userId')
    checkMeta(meta)
    const { maxSessionsPerUser, onLimit } = this.#settings
    /** @type {(name: string) => Promise<any[]>} */
    const ask = (name) => {
      const [u, m, indexes] = this.#owner(userId, meta, name)
      return this.#link.call((native, ticket) => native.bind(ticket, name, u, m, indexes, maxSessionsPerUser, onLimit === 'evict'))
    }
    const { told } = await this.#link.follow(this.#names.ofId(id), (names) => this.#link.oneByOne(names, ask))
    if (told[0] === CODE.REFUSED) return this.#limited()
    if (told[0] === CODE.BAD) this.#tally.unreadable('stored')
    if (told[0] !== CODE.LIVE) return { outcome: 'gone', reason: told[0] === CODE.GONE ? 'destroyed' : 'expired' }
    this.#tally.evicted(told[2])
    return { outcome: 'bound', evicted: told[2] }
  }

  /** @returns {{ outcome: 'refused' }} */
  #limited() {
    this.#tally.limited()
    return { outcome: 'refused' }
  }

  /**
   * @param {string} userId
   * @param {string | null} meta
   * @param {string} name of the session
   * @returns {[user: string | Uint8Array, meta: string | Uint8Array, indexes: string]}
   */
  #owner(userId, meta, name) {
    const u = this.#seal.close(userId, name, FIELD.USER)
    return [u, meta === null ? '' : this.#seal.close(meta, name, FIELD.META), this.#names.ofUser(userId)]
  }

  /**
   * All of a user, the one that was seen last first.
   * @param {string} userId
   * @returns {Promise<import('./record').Read[]>}
   */
  async list(userId) {
    check.key(userId, 'userId')
    const indexes = this.#names.ofUser(userId)
    /** @type {any[][]} */
    const told = await this.#link.call((native, ticket) => native.listUser(ticket, indexes))
    const found = told.map((told) => this.#reader.read(told))
    return found.filter((session) => session !== null).sort((a, b) => b.lastSeenAt - a.lastSeenAt)
  }

  /**
   * @param {string} userId
   * @param {string} except names
   * @returns {Promise<number>}
   */
  async destroyAll(userId, except) {
    check.key(userId, 'userId')
    const indexes = this.#names.ofUser(userId)
    const count = await this.#link.call((native, ticket) => native.destroyUser(ticket, indexes, except))
    this.#tally.counts.destroyed += count
    return count
  }

  /**
   * @param {string} userId
   * @param {unknown} name
   * @returns {Promise<boolean>}
   */
  async destroyListed(userId, name) {
    check.key(userId, 'userId')
    if (typeof name !== 'string' || !NAME.test(name)) return false
    const indexes = this.#names.ofUser(userId)
    const was = await this.#link.call((native, ticket) => native.destroyListed(ticket, indexes, name))
    if (was) this.#tally.counts.destroyed++
    return was
  }
}

module.exports = { Users }
