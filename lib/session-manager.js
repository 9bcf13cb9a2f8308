'use strict'

// `SessionManager`: the public class. `lib/session/` does what it says.

const { randomBytes } = require('node:crypto')
const check = require('./check')
const { RedwrightError, typeError, kindOf } = require('./errors')
const data = require('./session/data')
const { OPTIONS, settingsOf } = require('./session/options')
const { Sessions } = require('./session/sessions')

const KNOWN = [...OPTIONS, 'rotationGraceMs']
const GRACE_MS = 10_000
const ID_BYTES = 32
/** How an id of ours looks. What looks otherwise is none, and nobody is asked. */
const ID = /^[A-Za-z0-9_-]{43}$/
/** How often an update is tried, which fails where another has written meanwhile: of those that write at once one succeeds each time. */
const MOST_TRIES = 100

/** @typedef {import('./session/record').Read} Read */

class SessionManager {
  #sessions
  #ttlMs
  #graceMs

  /**
   * @param {import('./redis').Redis} redis
   * @param {import('../index').SessionManagerOptions} [options]
   */
  constructor(redis, options) {
    const given = check.options(options, 'options', KNOWN)
    const settings = settingsOf(given)
    this.#ttlMs = settings.ttlMs
    this.#graceMs = graceOf(given.rotationGraceMs, 'options.rotationGraceMs', GRACE_MS)
    this.#sessions = new Sessions(redis, settings)
  }

  /**
   * @param {string} userId
   * @param {object} [data_]
   * @param {import('../index').CreateSessionOptions} [options]
   */
  async create(userId, data_ = {}, options) {
    check.key(userId, 'userId')
    const given = check.options(options, 'options', ['ttl', 'meta'])
    const ttlMs = given.ttl === undefined ? this.#ttlMs : check.span(given.ttl, 'options.ttl', 1000)
    const text = data.encode(data_, 'data')
    const meta = given.meta === undefined ? null : data.encode(given.meta, 'options.meta')
    const id = newId()
    const made = await this.#sessions.create(id, { data: text, userId, meta, ttlMs })
    if (made.outcome === 'refused') throw new RedwrightError('ERR_SESSION_LIMIT', 'the user has as many sessions as he may have')
    const { id: handle, createdAt, expiresAt } = made
    return {
      id,
      handle,
      userId,
      data: /** @type {any} */ (data.decode(text)),
      meta: meta === null ? null : /** @type {any} */ (data.decode(meta)),
      createdAt,
      lastSeenAt: createdAt,
      expiresAt,
    }
  }

  /** @param {string} id */
  async get(id) {
    if (!isId(id)) return null
    return this.#shown(await this.#sessions.read(id, { sees: true }), id)
  }

  /**
   * @param {string} id
   * @param {object | ((data: any) => any)} change
   */
  async update(id, change) {
    if (typeof change !== 'function') data.encode(change, 'data')
    if (!isId(id)) return false
    /** @type {{ version: string, data: string, cookie: string } | null} */
    let found = await this.#sessions.read(id)
    for (let tries = 0; found !== null && tries < MOST_TRIES; tries++) {
      const before = data.decode(found.data)
      if (before === undefined) {
        this.#sessions.unreadable('data')
        return false
      }
      const after = await changed(before, change)
      const { version, cookie } = found
      const written = await this.#sessions.write(id, { version, cookie, data: data.encode(after, 'data') })
      if (written.outcome !== 'conflict') return written.outcome === 'written'
      found = written
    }
    if (found === null) return false
    throw new RedwrightError('ERR_BUSY', 'the session was written again and again while it was updated')
  }

  /** @param {string} id */
  async refresh(id) {
    return isId(id) && this.#sessions.touch(id)
  }

  /** @param {string} id */
  async destroy(id) {
    // Nobody knows an id before there is a session, so no tombstone is needed for one that is not there, and nobody can fill the memory with them.
    return isId(id) && this.#sessions.destroy(id, { buries: false })
  }

  /**
   * @param {string} userId
   * @param {{ except?: string }} [options]
   */
  async destroyAllForUser(userId, options) {
    check.key(userId, 'userId')
    const { except } = check.options(options, 'options', ['except'])
    if (except !== undefined && typeof except !== 'string') throw typeError(`options.except must be the id of a session, got ${kindOf(except)}`)
    return this.#sessions.destroyAllForUser(userId, { except })
  }

  /** @param {string} userId */
  async listForUser(userId) {
    const all = await this.#sessions.listForUser(userId)
    return all.flatMap((found) => {
      const shown = this.#shown(found, '')
      if (shown === null) return []
      const { id: _, ...listed } = shown
      return [listed]
    })
  }

  /**
   * @param {string} userId
   * @param {string} handle
   */
  async destroyListed(userId, handle) {
    return this.#sessions.destroyListed(userId, handle)
  }

  /**
   * @param {string} id
   * @param {{ graceMs?: import('../index').Duration }} [options]
   */
  async rotate(id, options) {
    const { graceMs } = check.options(options, 'options', ['graceMs'])
    const grace = graceOf(graceMs, 'options.graceMs', this.#graceMs)
    if (!isId(id)) return null
    const to = newId()
    return this.#shown(await this.#sessions.rotate(id, to, { graceMs: grace }), to)
  }

  metrics() {
    return this.#sessions.metrics()
  }

  /**
   * @param {Read | null} found
   * @param {string} id
   */
  #shown(found, id) {
    if (found === null) return null
    const { id: handle, userId, createdAt, lastSeenAt, expiresAt } = found
    const shown = data.decode(found.data)
    const meta = found.meta === null ? null : data.decode(found.meta)
    if (shown === undefined || meta === undefined) {
      this.#sessions.unreadable('data')
      return null
    }
    return { id, handle, userId, data: shown, meta, createdAt, lastSeenAt, expiresAt }
  }
}

/**
 * @param {object} before
 * @param {any} change
 * @returns {Promise<object>}
 */
async function changed(before, change) {
  if (typeof change !== 'function') return { ...before, ...change }
  return (await change(before)) ?? before
}

function newId() {
  return randomBytes(ID_BYTES).toString('base64url')
}

/** @param {unknown} id */
function isId(id) {
  return typeof id === 'string' && ID.test(id)
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} otherwise
 */
function graceOf(value, name, otherwise) {
  return value === undefined ? otherwise : check.durationOrNone(value, name)
}

module.exports = { SessionManager }
