'use strict'

// One request for a page that may be stored: what is there is given, or the application answers and that is stored.

const { AsyncResource } = require('node:async_hooks')
const { addCacheStatus, cacheStatus } = require('../http/cache-status')
const { HOUR, forkRecord } = require('../http/making')
const { KIND, decode } = require('../http/record')
const { variantKey, variantOf } = require('../http/variants')
const { LATE } = require('../http/patience')
const { verdictOf } = require('../http/verdict')
const { RedwrightError } = require('../errors')
const { VERDICT } = require('../judged')
const { askBehind, canAskBehind, placeOf } = require('./behind')
const { mayHave } = require('./credentials')
const { ABORTED, newGeneration } = require('./keep')
const { Lead } = require('./lead')
const { hasWishes } = require('./wishes')

/** @typedef {import('../http/record').Stored} Stored */
/** @typedef {Parameters<typeof cacheStatus>[1]} Done what `Cache-Status` is to say */

/** The load that was waited for did not come to its end. */
class Aborted extends Error {}
/** So often one who waited for such a load asks again. */
const AGAIN = 3

class Exchange {
  /** Whether the application is asked behind a client that has its answer. */
  isBehind = false
  /** Whether the answer of this request's own application is on its way to the client. */
  #hasLed = false
  /** Those of the response. @type {readonly string[]} */
  tags = []
  /** Whether it was answered without waiting for Redis any longer. */
  #hasGone = false
  /** What was found last, and cannot be given as it is. @type {Stored | null} */
  #seen = null
  /** @type {Stored | null} */
  #fork = null
  /** What chooses among variants. @type {Record<string, any> | null} */
  #chosenBy = null
  #next
  /** What the application does later still belongs to this request, for those who trace it. */
  #scope = new AsyncResource('RedwrightExchange')
  /** Why the application is asked, in the words of RFC 9211. */
  forward = 'uri-miss'

  /**
   * @param {import('./door').Door} door
   * @param {any} req
   * @param {any} res
   * @param {() => void} next
   * @param {string} key
   * @param {import('./credentials').Credentials} credentials
   */
  constructor(door, req, res, next, key, credentials) {
    this.door = door
    this.req = req
    this.res = res
    this.#next = next
    this.key = key
    this.credentials = credentials
    /** Its own wishes are looked at for each request by itself. */
    this.isOwn = hasWishes(req, door.plan)
    this.isPartial = req.headers.range !== undefined
  }

  /** Answers, or lets the application answer. */
  async serve() {
    let { key } = this
    for (;;) {
      const value = await this.#readAgain(key)
      if (this.#hasLed) return
      if (value === LATE) {
        this.#hasGone = true
        this.door.failed(new RedwrightError('ERR_TIMEOUT', 'what is stored was not read in time'))
        return this.pass('late')
      }
      const stored = decode(value)
      if (stored === null || stored.kind === KIND.PASS) return this.pass(stored === null ? 'not-shared' : 'not-stored')
      if (stored.kind === KIND.FORK && this.#fork === null) {
        this.#fork = stored
        key = variantKey(this.key, stored, this.variantOf(stored.vary), this.door.plan.maxVariants)
        continue
      }
      return this.#give(stored)
    }
  }

  /**
   * Once more where the load that was waited for was given up, so that one of those who wait does the next.
   * @param {string} key
   */
  async #readAgain(key) {
    for (let times = 1; ; times++) {
      try {
        return await this.#read(key)
      } catch (error) {
        if (!(error instanceof Aborted) || this.#hasLed) throw error
        if (times === AGAIN) return undefined
      }
    }
  }

  /**
   * HEAD is answered from what GET has stored, and stores nothing that GET could be answered from; others want what is stored and nothing else, RFC 9111 section 5.2.1.7.
   * @param {'head' | 'only-if-cached'} only
   */
  async serveStored(only) {
    const { door, req, res } = this
    const { stored, variant } = await door.look(this.key, req)
    const wish = { variant, headers: this.isOwn ? req.headers : null, canRefreshBehind: false }
    if (stored !== null && door.mayGive(stored, wish, this.credentials, Date.now())) return this.#give(stored)
    if (only === 'head') return this.pass(only)
    addCacheStatus(res, cacheStatus(door.plan.cacheName, { detail: only }))
    door.tell(req, { outcome: 'pass', detail: only })
    res.statusCode = 504
    res.end()
  }

  /**
   * The application answers a request of its own, whose client has its answer.
   * @param {any} req
   * @param {any} res
   * @param {() => void} next
   * @param {Stored | null} seen
   */
  leadBehind(req, res, next, seen) {
    const own = new Exchange(this.door, req, res, next, this.key, this.credentials)
    own.isBehind = true
    own.#fork = this.#fork
    own.#chosenBy = { ...req.headers }
    return new Lead(own, seen, true).run(() => own.next())
  }

  /** @param {string} key */
  #read(key) {
    const { door, credentials } = this
    const { plan, cache } = door
    const variant = this.#fork === null ? '' : this.variantOf(this.#fork.vary)
    this.forward = this.#fork === null ? 'uri-miss' : 'vary-miss'
    const wish = { variant, headers: this.isOwn ? this.req.headers : null, canRefreshBehind: canAskBehind(this.req) }
    /** @type {any} */
    let place
    /** @param {any} value */
    const judge = (value) => {
      const stored = decode(value)
      const verdict = verdictOf(stored, wish, Date.now())
      if (stored === null) cache.counts.unreadable++
      this.#seen = stored !== null && stored.kind === KIND.RESPONSE && stored.variant === variant ? stored : null
      this.forward = this.#seen === null ? (this.#fork === null ? 'uri-miss' : 'vary-miss') : this.isOwn ? 'request' : 'stale'
      this.isBehind = verdict === VERDICT.REFRESH
      if (this.isBehind) place = placeOf(this.req)
      // What it must not have is no reason to load for others.
      return this.#seen !== null && !mayHave(this.#seen, credentials, plan.mode) ? VERDICT.USE : verdict
    }
    const isAlone = credentials !== null || this.isOwn || this.isPartial || plan.waitMs === 0
    /** @type {((keep: any) => Promise<boolean>) | undefined} */
    let first
    const ahead = (/** @type {any} */ keep) => (first === undefined ? Promise.resolve(true) : first(keep))
    const load = async (/** @type {any} */ context) => {
      // Nobody is there any more who waits for an answer, or whose answer could be watched.
      if (this.#hasGone) return undefined
      if (!this.isBehind && this.res.destroyed) {
        this.pass('aborted')
        return undefined
      }
      const outcome = this.isBehind ? await askBehind(this, this.#seen, place) : await this.#lead(context.isLeased)
      if (outcome === ABORTED) throw new Aborted()
      if (outcome.value === undefined) return undefined
      const found = this.#placed(outcome)
      if (found === null) return undefined
      first = found.ahead
      context.setTtl(`${Math.ceil(found.lifeMs)}ms`)
      context.setTags(found.tags)
      return found.value
    }
    return cache.read(key, load, {
      judge, ahead, terms: isAlone ? {} : cache.terms, waitMs: isAlone ? 0 : plan.waitMs, tagged: plan.tags !== undefined,
    })
  }

  /** Lets the application answer. */
  next() {
    this.#scope.runInAsyncScope(this.#next)
  }

  /** @param {boolean} isLeased */
  #lead(isLeased) {
    this.#hasLed = true
    this.door.cache.counts.misses++
    // As they are now: a handler may change them.
    this.#chosenBy = { ...this.req.headers }
    return new Lead(this, this.#seen, isLeased).run(() => this.next())
  }

  /**
   * What is stored under the key that was read: the response itself, or which fields choose among its variants, of which this one is stored before.
   * @param {import('./keep').Outcome} outcome
   */
  #placed({ value, lifeMs, tags, vary }) {
    if (vary.length === 0 || value === undefined) return { value, lifeMs, tags, ahead: undefined }
    if (this.#fork !== null) {
      const names = this.#fork.vary
      if (vary.every((name) => names.includes(name))) return { value, lifeMs, tags, ahead: undefined }
      // It is chosen by more than was known: whoever comes next forks it by all of that.
      this.door.cache.varied.set(this.key, [...new Set([...names, ...vary])].sort())
      void this.door.cache.drop(this.key).catch(() => {})
      return null
    }
    const generation = newGeneration()
    const key = variantKey(this.key, { generation }, this.variantOf(vary), this.door.plan.maxVariants)
    /** @param {(key: string, value: Buffer, decision: any) => Promise<boolean>} keep */
    const ahead = (keep) => keep(key, value, { ttlMs: lifeMs, staleMs: 0, tags, negative: false })
    return { value: forkRecord(vary, generation), lifeMs: Math.max(lifeMs, HOUR), tags: [], ahead }
  }

  /**
   * @param {readonly string[]} names of the response
   * @returns {readonly string[]} with those that the route keys by, and those that others of the page named
   */
  variesBy(names) {
    const { cache, plan } = this.door
    const others = cache.varied.get(this.key) ?? []
    return plan.keyedVary.length + others.length === 0 ? names : [...new Set([...names, ...plan.keyedVary, ...others])].sort()
  }

  /** @param {readonly string[]} names */
  variantOf(names) {
    return variantOf(this.#fork === null ? names : this.#fork.vary, this.#chosenBy ?? this.req.headers)
  }

  /**
   * Two requests of one turn share a read, though their variants may only have the same place.
   * @param {Stored} stored
   */
  #isOurs(stored) {
    return this.#fork === null || stored.variant === this.variantOf([])
  }

  /** @param {Stored} stored */
  async #give(stored) {
    if (stored.kind !== KIND.RESPONSE || !this.#isOurs(stored)) return this.pass('not-shared')
    if (!mayHave(stored, this.credentials, this.door.plan.mode)) return this.pass(this.credentials)
    try {
      await this.door.give(this.req, this.res, stored, Date.now(), this.key)
    } catch {
      // Whoever comes next loads it anew.
      this.door.lost(this.key)
      return this.pass('body-lost')
    }
  }

  /**
   * @param {Stored} stored
   * @param {Done} done
   */
  answer(stored, done) {
    return this.door.replay(this.req, this.res, stored, Date.now(), this.key, done)
  }

  /**
   * The application answers, and nothing of it is stored.
   * @param {string | null} detail
   */
  pass(detail) {
    this.#hasLed = true
    this.door.pass(this.req, this.res, detail)
    this.next()
  }

  /** Whether somebody answers already. */
  get hasLed() {
    return this.#hasLed
  }
}

module.exports = { Exchange }
