'use strict'

// Whose a session is, and all that a user has.

const check = require('../check')
const { RedwrightError } = require('../errors')
const { decode, encode } = require('../session/data')
const { sidOf } = require('./session-rotation')

class SessionUsers {
  #sessions
  #writes
  #rotation

  /**
   * @param {import('../session/sessions').Sessions} sessions
   * @param {import('./session-writes').SessionWrites} writes
   * @param {import('./session-rotation').Rotation} rotation
   */
  constructor(sessions, writes, rotation) {
    this.#sessions = sessions
    this.#writes = writes
    this.#rotation = rotation
  }

  /**
   * @param {any} req
   * @param {string} userId
   * @param {unknown} meta
   */
  async bind(req, userId, meta) {
    check.key(userId, 'userId')
    const told = meta === undefined ? null : encode(meta, 'meta')
    // No grace: whoever planted the old id must not be led to the session of who logs in.
    const { sid } = await this.#rotation.rotate(req, 0)
    await this.#writes.set(sid, req.session)
    const bound = await this.#sessions.bind(sid, userId, told)
    if (bound.outcome === 'bound') return { evicted: bound.evicted }
    // Nobody is logged in by this, also where the answer is not looked at.
    await this.#rotation.renew(req)
    if (bound.outcome === 'refused') throw new RedwrightError('ERR_SESSION_LIMIT', 'the user has as many sessions as he may have')
    throw new RedwrightError('ERR_BUSY', 'the session was destroyed while its user was told')
  }

  /**
   * @param {string} userId
   * @param {any} current a request
   */
  async list(userId, current) {
    const now = current === undefined ? null : sidOf(current, 'options.current')
    const [list, own] = await Promise.all([this.#sessions.listForUser(userId), now === null ? null : this.#sessions.read(now)])
    return list.flatMap(({ id: handle, data, meta, ...rest }) => {
      const shown = { data: decode(data), meta: meta === null ? null : decode(meta) }
      if (shown.data === undefined || shown.meta === undefined) {
        this.#sessions.unreadable('data')
        return []
      }
      const { userId, createdAt, lastSeenAt, expiresAt } = rest
      return [{ handle, userId, data: shown.data, meta: shown.meta, createdAt, lastSeenAt, expiresAt, isCurrent: handle === own?.id }]
    })
  }

  /**
   * @param {string} userId
   * @param {any} except a request, or an id
   */
  async destroyAll(userId, except) {
    if (except === undefined) return this.#sessions.destroyAllForUser(userId, {})
    return this.#sessions.destroyAllForUser(userId, { except: typeof except === 'string' ? except : sidOf(except, 'options.except') })
  }
}

module.exports = { SessionUsers }
