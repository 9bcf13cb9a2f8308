'use strict'

// Sessions that connect-redis has left: under `prefix` and the id in clear, one JSON with the cookie in it. They are read where they are, and become
// sessions of ours when they are written or seen for the first time.

/** The versions of ours are hexadecimal. This one holds what was read, so that it is not taken over when it was changed meanwhile. */
const VERSION = 'L'

class Legacy {
  #prefix

  /** @param {string} prefix */
  constructor(prefix) {
    this.#prefix = prefix
  }

  get prefix() {
    return this.#prefix
  }

  /** @param {string} id */
  keyOf(id) {
    return this.#prefix + id
  }

  /** @param {string} key */
  idOf(key) {
    return key.slice(this.#prefix.length)
  }

  /**
   * `null` where it is no session.
   * @param {any} text
   * @param {number} expiresAt
   * @param {string} name that its id would have with us
   * @returns {import('./record').Read | null}
   */
  read(text, expiresAt, name) {
    if (typeof text !== 'string') return null
    const session = parsed(text)
    if (session === null) return null
    const { cookie, ...data } = session
    return {
      version: VERSION + text,
      data: JSON.stringify(data),
      cookie: cookie === undefined ? '' : JSON.stringify(cookie),
      userId: null,
      meta: null,
      createdAt: 0,
      lastSeenAt: 0,
      expiresAt,
      id: name,
      movedTo: null,
      index: '',
    }
  }
}

/** @param {string} text */
function parsed(text) {
  try {
    const value = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

/** @param {string} version */
function isLegacy(version) {
  return version.startsWith(VERSION)
}

/** @param {string} version */
function textOf(version) {
  return version.slice(VERSION.length)
}

module.exports = { Legacy, isLegacy, textOf }
