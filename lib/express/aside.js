'use strict'

/** What a client says about its own copy, and is none of the application's business while ours is made. */
const CONDITIONS = ['if-none-match', 'if-modified-since']
/** And where what is stored is validated: which part of it the client wants. */
const PARTS = ['range', 'if-range']

/** The conditions of a client's request while the application answers ours. */
class Aside {
  #req
  /** As the client has sent them. @type {Record<string, any>} */
  client
  /** Whether the application is asked if what is stored still holds. */
  hasAsked = false
  #isAside = false

  /** @param {any} req */
  constructor(req) {
    this.#req = req
    this.client = req.headers
  }

  /** @param {import('../http/record').Stored | null} stored what may be validated */
  put(stored) {
    this.hasAsked = stored !== null && (stored.etag !== undefined || stored.lastModified !== undefined)
    const omitted = this.hasAsked ? [...CONDITIONS, ...PARTS] : CONDITIONS
    if (!this.hasAsked && !omitted.some((name) => this.client[name] !== undefined)) return
    // Others in their place, and not these changed: whoever looks at them later, a log say, sees what he was given.
    const headers = { ...this.client }
    for (const name of omitted) delete headers[name]
    if (stored?.etag !== undefined) headers['if-none-match'] = stored.etag
    if (stored?.lastModified !== undefined) headers['if-modified-since'] = stored.lastModified
    this.#isAside = true
    this.#give(headers)
  }

  takeBack() {
    if (this.#isAside) this.#give(this.client)
    this.#isAside = false
  }

  /**
   * By the property, since that of HTTP/2 cannot be set.
   * @param {Record<string, any>} headers
   */
  #give(headers) {
    Object.defineProperty(this.#req, 'headers', { value: headers, configurable: true, writable: true, enumerable: true })
  }
}

module.exports = { Aside }
