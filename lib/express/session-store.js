'use strict'

// `SessionStore`: where express-session and @fastify/session keep their sessions.

const { EventEmitter } = require('node:events')
const check = require('../check')
const { Sessions } = require('../session/sessions')
const { answer } = require('./session-callback')
const { tellConnection } = require('./session-connection')
const { planOf } = require('./session-options')
const { Origin, originOf, setOrigin, sendOrigin } = require('./session-origin')
const { expressStore } = require('./session-peer')
const { sessionOf } = require('./session-record')
const { Rotation } = require('./session-rotation')
const { SessionUsers } = require('./session-users')
const { SessionWrites } = require('./session-writes')

class SessionStore extends EventEmitter {
  #plan
  #sessions
  #writes
  #rotation
  #users

  /**
   * @param {import('../redis').Redis} redis
   * @param {import('../../express').SessionStoreOptions} [options]
   */
  constructor(redis, options) {
    super()
    this.#plan = planOf(options)
    this.#sessions = new Sessions(redis, this.#plan.settings)
    this.#writes = new SessionWrites(this.#sessions, this.#plan, (reason) => this.#refused(reason))
    this.#rotation = new Rotation(this.#sessions, this)
    this.#users = new SessionUsers(this.#sessions, this.#writes, this.#rotation)
    if (this.#plan.emitConnection) tellConnection(redis, this)
  }

  /**
   * @param {string} sid
   * @param {[callback?: (error: any, session?: any) => void]} callback
   */
  get(sid, ...callback) {
    return answer(this.#get(sid), callback)
  }

  /** @param {string} sid */
  async #get(sid) {
    const stored = await this.#sessions.read(sid)
    if (stored === null) return null
    const session = this.#readable(stored)
    if (session === null) return null
    const origin = new Origin(sid, stored)
    // express-session has given the store its `generate`, and makes its sessions by `createSession`.
    if ('generate' in this) setOrigin(session, origin)
    else sendOrigin(session, origin)
    return session
  }

  /**
   * @param {string} sid
   * @param {any} session
   * @param {[callback?: (error?: any) => void]} callback
   */
  set(sid, session, ...callback) {
    if (this.#rotation.isCatching) return this.#rotation.caught(sid, session)
    return answer(this.#writes.set(sid, session), callback)
  }

  /**
   * @param {string} sid
   * @param {any} session
   * @param {[callback?: (error?: any) => void]} callback
   */
  touch(sid, session, ...callback) {
    return answer(this.#writes.touch(sid, session), callback)
  }

  /**
   * @param {string} sid
   * @param {[callback?: (error?: any) => void]} callback
   */
  destroy(sid, ...callback) {
    if (this.#rotation.isCatching) return callback[0]?.()
    return answer(this.#sessions.destroy(sid).then(() => {}), callback)
  }

  /** @param {[callback?: (error: any, sessions?: any) => void]} callback */
  all(...callback) {
    return answer(this.#all(), callback)
  }

  async #all() {
    const list = []
    for await (const batch of this.#sessions.all()) {
      for (const stored of batch) {
        const session = this.#readable(stored)
        if (session !== null) list.push(Object.assign(session, { id: stored.id }))
      }
    }
    return list
  }

  /**
   * What was stored, or `null` where another one has put there what is no session.
   * @param {{ data: string, cookie: string }} stored
   */
  #readable(stored) {
    const session = sessionOf(stored)
    if (session === null) this.#sessions.unreadable('data')
    return session
  }

  /** @param {[callback?: (error: any, length?: number) => void]} callback */
  length(...callback) {
    return answer(this.#sessions.count(), callback)
  }

  /** @param {[callback?: (error?: any) => void]} callback */
  clear(...callback) {
    return answer(this.#sessions.clear(), callback)
  }

  /**
   * @param {any} req
   * @param {any} stored
   */
  createSession(req, stored) {
    const origin = originOf(stored, req.sessionID)
    const session = expressStore().createSession.call(this, req, stored)
    if (origin !== undefined) setOrigin(session, origin)
    return session
  }

  /**
   * @param {string} sid
   * @param {(error: any, session?: any) => void} callback
   */
  load(sid, callback) {
    expressStore().load.call(this, sid, callback)
  }

  /**
   * @param {any} req
   * @param {(error?: any) => void} callback
   */
  regenerate(req, callback) {
    expressStore().regenerate.call(this, req, callback)
  }

  /**
   * @param {any} req
   * @param {{ graceMs?: import('../../index').Duration }} [options]
   */
  async rotate(req, options) {
    const { graceMs } = check.options(options, 'options', ['graceMs'])
    const { alive } = await this.#rotation.rotate(req, graceMs === undefined ? this.#plan.graceMs : check.durationOrNone(graceMs, 'options.graceMs'))
    return alive
  }

  /**
   * @param {any} req
   * @param {string} userId
   * @param {unknown} [meta]
   */
  async bind(req, userId, meta) {
    return this.#users.bind(req, userId, meta)
  }

  /**
   * @param {string} userId
   * @param {{ current?: any }} [options]
   */
  async listForUser(userId, options) {
    const { current } = check.options(options, 'options', ['current'])
    return this.#users.list(userId, current)
  }

  /**
   * @param {string} userId
   * @param {string} handle
   */
  async destroyListed(userId, handle) {
    return this.#sessions.destroyListed(userId, handle)
  }

  /**
   * @param {string} userId
   * @param {{ except?: any }} [options]
   */
  async destroyAllForUser(userId, options) {
    const { except } = check.options(options, 'options', ['except'])
    return this.#users.destroyAll(userId, except)
  }

  metrics() {
    return this.#sessions.metrics()
  }

  /** @param {'destroyed' | 'expired' | 'conflict'} reason */
  #refused(reason) {
    // A listener that throws is no failure of this.
    queueMicrotask(() => this.emit('write-refused', { reason }))
  }
}

module.exports = { SessionStore }
