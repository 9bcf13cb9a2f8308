'use strict'

const { randomBytes } = require('node:crypto')
const session = require('express-session')
const { SessionStore } = require('redwright/express')

const cookieName = 'redwright-demo'
const minutes = 30

/** Who is logged in, in which browser: express-session over the `SessionStore`. */
class Sessions {
  #store

  constructor(redis, prefix) {
    this.#store = new SessionStore(redis, { prefix: `${prefix}-session` })
    this.middleware = session({
      name: cookieName,
      store: this.#store,
      secret: randomBytes(32).toString('base64'),
      resave: false,
      saveUninitialized: false, // who only looks on gets no cookie
      cookie: { httpOnly: true, sameSite: 'lax', maxAge: minutes * 60_000 },
    })
  }

  /** Logs an account in, and stores that. The session gets a new id, so that one that somebody else had put into this browser is worth nothing. */
  async begin(req, { id, name }) {
    req.session.account = { id, name }
    await this.#store.bind(req, id, { browser: browserOf(req.get('user-agent')) })
  }

  /** Before the answer goes out: a browser may follow a redirect as soon as it has the head. */
  save(req) {
    return asPromise((done) => req.session.save(done))
  }

  /** Of this browser. Whatever is still under way with it, the session does not come back. */
  async end(req, res) {
    await asPromise((done) => req.session.destroy(done))
    res.clearCookie(cookieName)
  }

  /** In all browsers; how many. */
  endAll(id) {
    return this.#store.destroyAllForUser(id)
  }

  /** Those of whoever asks, the one seen last first. */
  list(req) {
    return this.#store.listForUser(req.session.account.id, { current: req })
  }
}

function asPromise(call) {
  return new Promise((resolve, reject) => {
    call((error) => (error ? reject(error) : resolve()))
  })
}

/** Roughly; enough to tell one's own browsers apart. */
function browserOf(agent = '') {
  const name = ['Edg', 'Firefox', 'Chrome', 'Safari', 'curl'].find((known) => agent.includes(known)) ?? 'another browser'
  const system = ['Android', 'iPhone', 'Windows', 'Mac OS', 'Linux'].find((known) => agent.includes(known))
  return system ? `${name} on ${system}` : name
}

module.exports = { Sessions }
