'use strict'

// Where the session of a request comes from: which version of what is stored it has read, or written last.
//
// `set` is handed nothing but a session, so this is kept beside each of them. express-session makes them by `createSession` of the store; whoever knows no such thing gets it along with what he loads.

/** @type {WeakMap<object, Origin>} */
const origins = new WeakMap()

/**
 * A property that @fastify/session copies to the session that it makes, with all others. As it stands on a prototype of what was loaded, nobody else sees
 * it, and no JSON holds it.
 */
const MARK = 'redwrightOrigin'

class Origin {
  /** @type {Promise<unknown>} */
  #line = Promise.resolve()

  /**
   * @param {string} sid
   * @param {{ version: string, data: string, cookie: string }} [stored]
   */
  constructor(sid, stored) {
    this.sid = sid
    /** Of what is stored; empty where this session never was. */
    this.version = stored?.version ?? ''
    /** What is stored. */
    this.stored = stored?.data ?? '{}'
    this.storedCookie = stored?.cookie ?? ''
    /** What the session of the request was when it was stored or read; what it has become since then is its own change. */
    this.seen = stored === undefined ? undefined : stored.data
    this.seenCookie = stored?.cookie ?? ''
  }

  get isStored() {
    return this.version !== ''
  }

  /**
   * One at a time: a request may save twice without waiting, and must not be in conflict with itself.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  turn(work) {
    const done = this.#line.then(work)
    this.#line = done.catch(() => {})
    return done
  }

  /**
   * The same, under another id.
   * @param {string} sid
   * @param {{ version: string, data: string, cookie: string }} found what is stored there
   */
  under(sid, found) {
    const { seen, seenCookie, version, stored, storedCookie } = this
    // Where others have written since, the next write shall find that out.
    const known = found.data === stored ? found : { version, data: stored, cookie: storedCookie }
    return Object.assign(new Origin(sid, known), { seen, seenCookie })
  }

  toJSON() {
    return undefined
  }
}

/**
 * @param {any} session
 * @param {string} sid
 * @returns {Origin | undefined} none where it was never stored under this id
 */
function originOf(session, sid) {
  const origin = origins.get(session) ?? session[MARK]
  return origin instanceof Origin && origin.sid === sid ? origin : undefined
}

/**
 * @param {object} session
 * @param {Origin} origin
 */
function setOrigin(session, origin) {
  origins.set(session, origin)
  return origin
}

/**
 * As `setOrigin`, and for all who copy its properties.
 * @param {object} session
 * @param {Origin} origin
 */
function sendOrigin(session, origin) {
  setOrigin(session, origin)
  Object.setPrototypeOf(session, { [MARK]: origin })
}

module.exports = { Origin, originOf, setOrigin, sendOrigin, MARK }
