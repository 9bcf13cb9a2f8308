'use strict'

// Finds an application that takes its proxy for its clients, or lets its clients say who they are. It only tells: whom to trust cannot be guessed.

const { isPublic, parseAddress } = require('./address')
const { ipKey } = require('./client-key')
const { notice } = require('./notice')

/** So many clients behind one address are a proxy. */
const MANY = 10
/** So many addresses are watched at once; behind a proxy there are few. */
const WATCHED = 32
/** Of a header that anybody may fill. */
const LONGEST = 64

class TrustProxyCheck {
  #subnet
  /** Who was named in `X-Forwarded-For` behind which address. @type {Map<string, Set<string>>} */
  #behind = new Map()
  #isDone = false

  /** @param {number} subnet */
  constructor(subnet) {
    this.#subnet = subnet
  }

  /**
   * @param {any} req
   * @param {string} key made of its address
   */
  look(req, key) {
    if (this.#isDone) return
    const forwarded = req.headers?.['x-forwarded-for']
    if (typeof forwarded !== 'string' || forwarded === '') return
    const peer = req.socket?.remoteAddress
    if (ipKey(peer, this.#subnet) === key) this.#ignored(key, forwarded)
    else this.#believed(req, peer)
  }

  /**
   * The header was not looked at.
   * @param {string} key
   * @param {string} forwarded
   */
  #ignored(key, forwarded) {
    let names = this.#behind.get(key)
    if (names === undefined) {
      if (this.#behind.size >= WATCHED) this.#behind.delete(/** @type {string} */ (this.#behind.keys().next().value))
      names = new Set()
      this.#behind.set(key, names)
    }
    names.add(forwarded.split(',', 1)[0].slice(0, LONGEST))
    if (names.size < MANY) return
    this.#tell('ignored', "many clients behind one address share one limit: X-Forwarded-For names them, and the application does not look at it. Behind a proxy, say so (Express: app.set('trust proxy', …))")
  }

  /**
   * The header was believed.
   * @param {any} req
   * @param {unknown} peer
   */
  #believed(req, peer) {
    const address = parseAddress(peer)
    if (address === undefined || !isPublic(address) || namesProxies(req)) return
    this.#tell('believed', "X-Forwarded-For was believed though it came from an address on the internet, so that a client can claim any address and escape its limit. Name your proxies (Express: app.set('trust proxy', ['203.0.113.0/24']))")
  }

  /**
   * @param {'ignored' | 'believed'} header
   * @param {string} text
   */
  #tell(header, text) {
    this.#isDone = true
    this.#behind.clear()
    notice('trustProxy', `Rate limit: ${text}; trustProxyCheck: false turns this check off`, { header })
  }
}

/**
 * Whether Express was told which addresses are proxies; `true` and a number of hops say nothing of who they are.
 * @param {any} req
 */
function namesProxies(req) {
  const setting = req.app?.get?.('trust proxy')
  return typeof setting === 'function' || typeof setting === 'string' || Array.isArray(setting)
}

module.exports = { TrustProxyCheck }
