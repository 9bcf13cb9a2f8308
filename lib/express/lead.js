'use strict'

// The rest of the application answers a request, and its answer is watched, so that it can be stored for others.

const { STATUS_CODES } = require('node:http')
const { addCacheStatus, cacheStatus } = require('../http/cache-status')
const { isConditional, notModified } = require('../http/conditional')
const { valueOf } = require('../http/fields')
const { Snapshot, listOf, storable, takenAway } = require('../http/outgoing')
const { Aside } = require('./aside')
const { Capture } = require('./capture')
const { giveInstead, sayKnown } = require('./instead')
const { ABORTED, NOTHING, freshened, keepAgain, keepNew } = require('./keep')
const { passOf, refusalOf } = require('./refusals')

/** @typedef {import('../http/record').Stored} Stored */
/** @typedef {import('../http/policy').Terms} Terms */
/** @typedef {import('./keep').Outcome} Outcome */

/**
 * What becomes of the handler's answer: it is sent, and maybe stored; the client has it already and is told so; it says that what is stored still holds; or it
 * failed, and what is stored stands in.
 */
const MODE = /** @type {const} */ ({ SENT: 0, KNOWN: 1, FRESHENED: 2, FAILED: 3 })

class Lead {
  #exchange
  #req
  #res
  #door
  /** What is there, and may be validated, or given where the application fails. @type {Stored | null} */
  #seen
  /** Whether what is loaded can be stored at all. */
  #isLeased
  #aside
  #before
  #capture
  /** @type {(outcome: Outcome) => void} */
  #settle = () => {}
  /** @type {0 | 1 | 2 | 3} */
  #mode = MODE.SENT
  /** Whether the body is kept, to be stored. */
  keeps = false
  /** Whether something else may be sent than what the handler says. */
  mayHold
  /** @type {Buffer[]} */
  #chunks = []
  #length = 0
  /** @type {Terms | null} */
  #terms = null
  /** @type {string[]} */
  #fields = []
  #status = 0

  /**
   * @param {import('./exchange').Exchange} exchange
   * @param {Stored | null} seen
   * @param {boolean} isLeased
   */
  constructor(exchange, seen, isLeased) {
    this.#exchange = exchange
    this.#req = exchange.req
    this.#res = exchange.res
    this.#door = exchange.door
    this.#seen = seen
    this.#isLeased = isLeased
    this.#aside = new Aside(this.#req)
    this.mayHold = seen !== null || exchange.isBehind || isConditional(this.#aside.client)
    // First, since whatever is asked of a response before is asked anew when its shape has changed.
    this.#capture = new Capture(this.#res, this)
    this.#before = new Snapshot(this.#res)
  }

  /**
   * Lets the application answer. What it throws at once is thrown where nobody catches it, as it would be without us.
   * @param {() => void} next
   * @returns {Promise<Outcome>} when it is known what there is to store
   */
  run(next) {
    return new Promise((resolve) => {
      this.#settle = resolve
      this.#aside.put(this.#door.plan.mode === 'http' ? this.#seen : null)
      try {
        next()
      } catch (error) {
        this.closed()
        queueMicrotask(() => {
          throw error
        })
      }
    })
  }

  /** Status and fields are known. */
  head() {
    const { statusCode } = this.#res
    this.#status = statusCode
    this.#fields = listOf(this.#res)
    if (this.#seen !== null) {
      if (statusCode === 304 && this.#aside.hasAsked) this.#mode = MODE.FRESHENED
      else if (statusCode >= 500 && this.#mayStandIn(this.#seen)) this.#mode = MODE.FAILED
      if (this.#mode !== MODE.SENT) return false
    }
    const detail = this.#judge()
    this.#door.tell(this.#req, { outcome: 'miss', detail })
    if (this.#exchange.isBehind) return false
    const forwardStatus = this.#seen === null ? undefined : statusCode
    const stored = detail === null && this.#isLeased
    const status = cacheStatus(this.#door.plan.cacheName, { forward: this.#exchange.forward, forwardStatus, stored, detail })
    addCacheStatus(this.#res, status, valueOf(this.#fields, 'cache-status') === undefined)
    // The application was not asked, so it has not said.
    if (this.#isKnown()) this.#mode = MODE.KNOWN
    return this.#mode === MODE.SENT
  }

  /** @param {Stored} seen */
  #mayStandIn(seen) {
    if (this.#exchange.isBehind) return true
    return seen.ageAt(Date.now()) < (seen.noCache ? 0 : seen.freshMs) + seen.sieMs
  }

  /** Why it is not stored; `null` where it is. */
  #judge() {
    const terms = this.#door.judge(this.#req, this.#status, this.#fields)
    const detail = refusalOf(this.#exchange, this.#fields, terms)
    if (detail !== null) {
      this.#refuse(detail)
      return detail
    }
    this.#terms = terms
    this.keeps = this.#isLeased
    if (!this.#isLeased) this.#settle(NOTHING)
    return null
  }

  /**
   * Nobody waits for the rest of it.
   * @param {string} detail
   */
  #refuse(detail) {
    this.keeps = false
    this.#door.cache.counts.refusals++
    this.#settle(passOf(this.#exchange, detail, this.#status, this.#seen))
  }

  #isKnown() {
    const headers = this.#aside.client
    if (this.#status !== 200 || !isConditional(headers)) return false
    const [etag, lastModified] = ['ETag', 'Last-Modified'].map((name) => this.#res.getHeader(name)?.toString())
    return (etag !== undefined || lastModified !== undefined) && notModified(headers, etag, lastModified)
  }

  /** @param {Buffer} bytes */
  chunk(bytes) {
    this.#length += bytes.length
    this.#chunks.push(bytes)
    if (this.#length > this.#door.plan.maxBody) this.#refuseLate('too-large')
  }

  /** @param {string} detail */
  #refuseLate(detail) {
    this.#chunks = []
    this.#door.tell(this.#req, { outcome: 'miss', detail })
    this.#refuse(detail)
  }

  /** The body is whole. */
  end() {
    const seen = this.#seen
    this.#capture.over()
    this.#aside.takeBack()
    if (seen !== null && this.#mode === MODE.FRESHENED) void this.#freshen(seen)
    else if (seen !== null && this.#mode === MODE.FAILED) this.#standIn(seen)
    else this.#sent()
  }

  #sent() {
    if (this.#mode === MODE.KNOWN) sayKnown(this.#req, this.#res)
    if (this.#terms !== null && this.keeps) void this.#keep(this.#terms)
    // Otherwise it is settled since its head was known.
    if (this.#exchange.isBehind) this.#res.end()
  }

  closed() {
    this.#capture.over()
    this.#aside.takeBack()
    this.#door.cache.counts.aborted++
    this.keeps = false
    this.#chunks = []
    this.#settle(ABORTED)
  }

  /** @param {Terms} terms */
  async #keep(terms) {
    const body = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks)
    this.#chunks = []
    const detail = this.#lateRefusal(body.length)
    if (detail !== null) return this.#refuseLate(detail)
    const fields = { headers: storable(this.#fields, this.#before), without: takenAway(this.#fields, this.#before) }
    const head = { status: this.#status, message: reasonOf(this.#req, this.#res, this.#status), ...fields }
    this.#settle(await keepNew(this.#exchange, head, body, terms, this.#seen))
  }

  /**
   * What was only said when the head was sent, by hooks of it, or when all was sent.
   * @param {number} length
   */
  #lateRefusal(length) {
    const res = this.#res
    const said = valueOf(this.#fields, 'content-length')
    if (said !== undefined && Number(said) !== length) return 'length'
    if (this.#mode === MODE.SENT && !this.#exchange.isBehind && res.statusCode !== this.#status) return 'status'
    const late = res.getHeaders()
    if (!this.#door.plan.stripSetCookie && late['set-cookie'] !== undefined) return 'set-cookie'
    const cacheControl = String(late['cache-control'] ?? '')
    const isAnother = !this.#fields.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'cache-control' && cacheControl.includes(this.#fields[i + 1]))
    return isAnother && /\b(?:private|no-store)\b/i.test(cacheControl) ? 'private' : null
  }

  /**
   * The application says that what is stored still holds. The client does not wait until that is stored.
   * @param {Stored} seen
   */
  async #freshen(seen) {
    this.#door.cache.counts.revalidated++
    const again = freshened(this.#exchange, seen, this.#fields, this.#before)
    const stored = again !== null && again.lifeMs > 0 && this.#isLeased
    await giveInstead(this.#exchange, this.#before, again?.view ?? seen, { forward: this.#exchange.forward, forwardStatus: 304, stored }, 'revalidated')
    this.#settle(again === null || !stored ? NOTHING : await keepAgain(this.#exchange, seen, again))
  }

  /** @param {Stored} seen */
  #standIn(seen) {
    this.#door.cache.counts.staleOnError++
    this.#settle(NOTHING)
    void giveInstead(this.#exchange, this.#before, seen, { forward: this.#exchange.forward, forwardStatus: this.#status }, 'stale-on-error')
  }
}

/**
 * A reason that Node would not give by itself. In HTTP/2 there is none, and asking for it is warned of.
 * @param {any} req
 * @param {any} res
 * @param {number} status
 */
function reasonOf(req, res, status) {
  if (req.httpVersionMajor === 2 || res.statusCode !== status) return undefined
  const { statusMessage } = res
  return statusMessage === '' || statusMessage === STATUS_CODES[status] ? undefined : statusMessage
}

module.exports = { Lead }
