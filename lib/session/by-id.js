'use strict'

// What is done to a session by its id: it is read, written by version, seen, ended for good.

const { isLegacy } = require('./legacy')
const { checkData, checkCookie } = require('./limits')
const { MOST_MOVES } = require('./link')
const { isId } = require('./names')
const { CODE, FIELD, isVacant } = require('./record')
const { done, undone } = require('./written')

/** @typedef {import('./record').Read} Read */

/**
 * @typedef {{ outcome: 'written', version: string }
 *   | { outcome: 'conflict', version: string, data: string, cookie: string }
 *   | { outcome: 'gone', reason: 'destroyed' | 'expired' }} Written
 */

class ById {
  #settings
  #link
  #names
  #seal
  #tally
  #reader
  #old

  /**
   * @param {import('./parts').Parts} parts
   * @param {import('./old-store').OldStore | null} old
   */
  constructor({ link, names, seal, tally, reader, settings }, old) {
    this.#settings = settings
    this.#link = link
    this.#names = names
    this.#seal = seal
    this.#tally = tally
    this.#reader = reader
    this.#old = old
  }

  /**
   * @param {unknown} id
   * @param {{ sees?: boolean }} how
   * @returns {Promise<Read | null>}
   */
  async read(id, { sees = false }) {
    const { counts } = this.#tally
    const found = isId(id) ? await this.find(id, sees) : null
    if (found === null) counts.missing++
    else counts.found++
    return found
  }

  /**
   * As `read`, and not counted.
   * @param {string} id
   * @param {boolean} [sees]
   * @returns {Promise<Read | null>}
   */
  async find(id, sees = false) {
    const { told, hasMoved } = await this.#link.follow(this.#names.ofId(id), (names) => this.#link.call((native, ticket) => native.read(ticket, names, sees)))
    const found = this.#reader.read(told, hasMoved)
    return isVacant(told) && this.#old !== null ? this.#old.read(id) : found
  }

  /**
   * As `find`; what another store has left becomes ours.
   * @param {string} id
   */
  async findOwn(id) {
    const found = await this.find(id)
    if (found === null || !isLegacy(found.version)) return found
    return (await this.touch(id, {})) ? this.find(id) : null
  }

  /**
   * @param {unknown} id
   * @param {{ version: string, data: string, cookie: string, ttlMs?: number }} session `version` that was read, '' for a new one; `ttlMs`: for how long
   *   it may go unseen, by default as long as before
   * @returns {Promise<Written>}
   */
  async write(id, { version, data, cookie, ttlMs = version === '' ? this.#settings.ttlMs : 0 }) {
    checkData(data)
    checkCookie(cookie)
    if (!isId(id)) return this.#refused('expired')
    if (isLegacy(version)) return this.#old === null ? this.#refused('expired') : this.#old.write(id, { version, data, cookie, ttlMs })
    const isNew = version === ''
    /** @type {(names: string, makes: boolean) => Promise<any[]>} */
    const put = (names, makes) => {
      const closed = this.#seal.close(data, names, FIELD.DATA)
      return this.#link.call((native, ticket) => native.write(ticket, names, version, makes, ttlMs, closed, cookie))
    }
    const { told } = await this.#link.follow(this.#names.ofId(id), (names) => (this.#seal.isOn ? this.#putSealed(names, isNew, put) : put(names, isNew)))
    if (isNew && told[0] === CODE.LIVE) await this.#old?.forget(id)
    return this.#written(told)
  }

  /**
   * A seal holds for one name.
   * @param {string} names
   * @param {boolean} isNew
   * @param {(name: string, makes: boolean) => Promise<any[]>} put
   */
  async #putSealed(names, isNew, put) {
    const [present, ...others] = names.split('\0')
    if (others.length === 0) return put(present, isNew)
    const told = await this.#link.oneByOne(names, (name) => put(name, false))
    return isNew && isVacant(told) ? put(present, true) : told
  }

  /**
   * @param {any[]} told
   * @returns {Written}
   */
  #written(told) {
    return done(told, this.#tally) ?? undone(told, this.#reader.read(told), this.#tally)
  }

  /**
   * @param {'destroyed' | 'expired'} reason
   * @returns {Written}
   */
  #refused(reason) {
    this.#tally.refused(reason)
    return { outcome: 'gone', reason }
  }

  /**
   * Has it live on. Whether it was there.
   * @param {unknown} id
   * @param {{ version?: string, cookie?: string, ttlMs?: number }} how `version`: that was read, '' for whatever is there: where another has written since, his cookie and his span
   *   stay. `ttlMs`: for how long it may go unseen, by default as long as before
   */
  async touch(id, { version = '', cookie, ttlMs = 0 }) {
    if (cookie !== undefined) checkCookie(cookie)
    if (!isId(id)) return false
    const { told } = await this.#link.follow(this.#names.ofId(id), (names) => this.#link.call((native, ticket) => native.touch(ticket, names, version, ttlMs, cookie)))
    if (told[0] === CODE.BAD) this.#tally.unreadable('stored')
    if (isVacant(told) && this.#old !== null) return this.#old.touch(id, { cookie, ttlMs })
    return told[0] === CODE.LIVE
  }

  /**
   * Ends it for good. Whether it was there.
   * @param {unknown} id
   * @param {{ buries?: boolean }} how `buries`: also where there is nothing no slow request may make something any more
   */
  async destroy(id, { buries = true }) {
    if (!isId(id)) return false
    const was = await this.#destroy(this.#names.ofId(id), buries)
    const wasOld = (await this.#old?.forget(id)) ?? false
    if (was || wasOld) this.#tally.counts.destroyed++
    return was || wasOld
  }

  /**
   * @param {string} names
   * @param {boolean} buries
   */
  async #destroy(names, buries) {
    let asked = names
    for (let moves = 0; moves <= MOST_MOVES; moves++) {
      const [was, , , , to] = await this.#link.call((native, ticket) => native.destroy(ticket, asked, buries))
      if (was === CODE.LIVE || to === '') return was === CODE.LIVE
      asked = to
    }
    return false
  }
}

module.exports = { ById }
