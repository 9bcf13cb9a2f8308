'use strict'

// A session under a new id: the frameworks make ids and sessions, and the store moves what is stored.

const { merge } = require('./session-merge')
const { MARK, originOf, setOrigin } = require('./session-origin')
const { parsed, recordOf } = require('./session-record')
const { typeError } = require('../errors')

/**
 * The session of a request, and the one that takes its place.
 * @typedef {object} Change
 * @property {string} sid
 * @property {any} session
 * @property {string} newSid
 * @property {any} newSession
 * @property {() => unknown} install
 */

class Rotation {
  #sessions
  #store
  /**
   * Who hears of what @fastify/session does to the store while it regenerates a session, all in one go.
   * @type {{ sid: string, session: any } | null}
   */
  #caught = null
  #isCatching = false

  /**
   * @param {import('../session/sessions').Sessions} sessions
   * @param {any} store
   */
  constructor(sessions, store) {
    this.#sessions = sessions
    this.#store = store
  }

  get isCatching() {
    return this.#isCatching
  }

  /**
   * @param {string} sid
   * @param {any} session
   */
  caught(sid, session) {
    this.#caught = { sid, session }
  }

  /**
   * @param {any} req
   * @param {number} graceMs for which the old id leads to the new one
   * @returns {Promise<{ sid: string, alive: boolean }>} the new id; not `alive` where the session was over: then the new one has nothing of it but what this request has put there
   */
  async rotate(req, graceMs) {
    const change = frameworkOf(req, this.#store) === 'Fastify' ? this.#ofFastify(req) : this.#ofExpress(req)
    const { sid, session, newSid, newSession, install } = change
    const origin = originOf(session, sid)
    const alive = await this.#move(change, origin, graceMs)
    fill(newSession, session, alive ? undefined : origin)
    await install()
    return { sid: newSid, alive }
  }

  /**
   * A new, empty session, in the place of one that ends.
   * @param {any} req
   */
  async renew(req) {
    if (frameworkOf(req, this.#store) === 'Fastify') return req.session.regenerate()
    return new Promise((resolve, reject) => this.#store.regenerate(req, (/** @type {unknown} */ error) => (error == null ? resolve(undefined) : reject(error))))
  }

  /**
   * @param {Change} change
   * @param {import('./session-origin').Origin | undefined} origin
   * @param {number} graceMs
   */
  async #move({ sid, newSid, newSession }, origin, graceMs) {
    if (origin === undefined) return true
    return origin.turn(async () => {
      // One that was never stored has nothing to be moved.
      if (!origin.isStored) return true
      const found = await this.#sessions.rotate(sid, newSid, { graceMs })
      if (found === null) return false
      setOrigin(newSession, origin.under(newSid, found))
      return true
    })
  }

  /**
   * @param {any} req
   * @returns {Change}
   */
  #ofExpress(req) {
    const { sessionID: sid, session } = req
    try {
      this.#store.generate(req)
      const { sessionID: newSid, session: newSession } = req
      return { sid, session, newSid, newSession, install: () => Object.assign(req, { sessionID: newSid, session: newSession }) }
    } finally {
      // Until the store has moved it, the request has the one that it had.
      Object.assign(req, { sessionID: sid, session })
    }
  }

  /**
   * It makes ids and sessions by itself, and shows them to the store only, as it destroys the one and stores the other.
   * @param {any} req
   * @returns {Change}
   */
  #ofFastify(req) {
    const { session } = req
    this.#isCatching = true
    try {
      session.regenerate([], () => {})
      const { sid: newSid, session: newSession } = /** @type {{ sid: string, session: any }} */ (this.#caught)
      const install = async () => {
        // So that it knows of a session whose cookie is to be sent.
        await newSession.save()
        req.session = newSession
      }
      return { sid: session.sessionId, session, newSid, newSession, install }
    } finally {
      this.#isCatching = false
      this.#caught = null
    }
  }
}

/**
 * @param {any} to
 * @param {any} from
 * @param {import('./session-origin').Origin | undefined} dead where it came from, if that is over
 */
function fill(to, from, dead) {
  const data = dead?.seen === undefined ? from : ownOf(dead.seen, from)
  for (const key of Object.keys(data)) {
    if (key !== MARK) to[key] = data[key]
  }
  to.cookie = from.cookie
}

/**
 * What a request has changed, without what was there before.
 * @param {string} seen
 * @param {any} session
 */
function ownOf(seen, session) {
  return merge(parsed(seen) ?? {}, parsed(recordOf(session).data), {}, ({ mine }) => mine)
}

/**
 * Whose session a request has.
 * @param {any} req
 * @param {any} store
 */
function frameworkOf(req, store) {
  const session = req?.session
  if (typeof req?.sessionID === 'string' && typeof session?.id === 'string' && typeof store.generate === 'function') return 'Express'
  if (typeof session?.sessionId === 'string' && typeof session.regenerate === 'function') return 'Fastify'
  throw typeError('req.session must be a session of express-session or @fastify/session that this store keeps')
}

/**
 * @param {any} req
 * @param {string} name
 * @returns {string}
 */
function sidOf(req, name) {
  const sid = req?.sessionID ?? req?.session?.sessionId
  if (typeof sid !== 'string') throw typeError(`${name} must be a request with a session`)
  return sid
}

module.exports = { Rotation, sidOf }
