'use strict'

// What the requests of one `cacheMiddleware` have in common.

const { channel } = require('node:diagnostics_channel')
const args = require('../cache-arguments')
const { typeError, kindOf } = require('../errors')
const { addCacheStatus, cacheStatus } = require('../http/cache-status')
const { addressOf, keyOf, ownKey, targetOf } = require('../http/key')
const check = require('../check')
const { judgeResponse } = require('../http/policy')
const { KIND, decode } = require('../http/record')
const { variantKey, variantOf } = require('../http/variants')
const { verdictOf } = require('../http/verdict')
const { VERDICT } = require('../judged')
const { mayHave } = require('./credentials')
const { given } = require('./optional')
const { replay } = require('./replay')
const { hasWishes } = require('./wishes')

const refused = channel('redwright:http:refused')
const error = channel('redwright:http:error')

/** What became of a request. @typedef {{ outcome: string, detail: string | null }} Told */

/** @type {Told} */
const HIT = { outcome: 'hit', detail: null }
/** @type {Told} */
const STALE = { outcome: 'stale', detail: null }

class Door {
  /** @type {WeakMap<object, Told>} */
  #told = new WeakMap()
  #rules

  /**
   * @param {import('../http/response-cache').ResponseCache} cache
   * @param {import('./response-options').Plan} plan
   */
  constructor(cache, plan) {
    this.cache = cache
    this.plan = plan
    if (plan.onError !== undefined) cache.listening.add((thrown) => this.failed(thrown))
    const { mode, ttlMs, statuses, cacheName, keyedVary, stripSetCookie, heuristic } = plan
    this.#rules = { mode, ttlMs, statuses, cacheName, keyedVary, stripSetCookie, heuristic }
  }

  /**
   * Throws what the key generator throws.
   * @param {any} req
   * @returns {string}
   */
  keyOf(req) {
    const { keyGenerator, query } = this.plan
    if (keyGenerator === undefined) {
      const [target, origin] = addressOf(req)
      return keyOf(targetOf(target, query), origin)
    }
    const key = given(keyGenerator(req))
    if (typeof key !== 'string' || key === '') throw typeError(`options.keyGenerator() must be a string that is not empty, got ${key === '' ? 'an empty one' : kindOf(key)}`)
    check.key(key, 'options.keyGenerator()')
    return ownKey(key)
  }

  /**
   * What the rules of HTTP say of a response.
   * @param {any} req
   * @param {number} status
   * @param {string[]} headers
   */
  judge(req, status, headers) {
    // In mode `ttl` what a client asks for makes no difference.
    const requestHeaders = this.plan.mode === 'http' ? req.headers : { authorization: req.headers.authorization }
    const terms = judgeResponse({ method: req.method, status, requestHeaders, responseHeaders: headers, options: this.#rules, now: Date.now() })
    const { swrMs, sieMs } = this.plan
    if (terms.mustRevalidate || terms.noCache) return terms
    // What a response says for itself stands.
    if (swrMs !== undefined && terms.swrMs === 0) terms.swrMs = swrMs
    if (sieMs !== undefined && terms.sieMs === 0) terms.sieMs = sieMs
    return terms
  }

  /**
   * @param {any} req
   * @param {any} res
   * @returns {readonly string[]}
   */
  tagsOf(req, res) {
    return this.plan.tags === undefined ? [] : args.tags(given(this.plan.tags(req, res)), 'options.tags()')
  }

  /**
   * What may be given from memory, without a promise; `null` for nothing.
   * @param {any} req
   * @param {string} key
   * @param {import('./credentials').Credentials} credentials
   * @param {number} now
   */
  atHand(req, key, credentials, now) {
    if (hasWishes(req, this.plan)) return null
    let stored = decode(this.cache.peek(key))
    let variant = ''
    if (stored?.kind === KIND.FORK) {
      variant = variantOf(stored.vary, req.headers)
      stored = decode(this.cache.peek(variantKey(key, stored, variant, this.plan.maxVariants)))
    }
    const wish = { variant, headers: null, canRefreshBehind: false }
    return stored !== null && this.mayGive(stored, wish, credentials, now) && stored.bodies[0].parts === null ? stored : null
  }

  /**
   * Whether what is stored may be given as it is.
   * @param {import('../http/record').Stored} stored
   * @param {import('../http/verdict').Wish} wish of the request
   * @param {import('./credentials').Credentials} credentials
   * @param {number} now
   */
  mayGive(stored, wish, credentials, now) {
    return stored.kind === KIND.RESPONSE && mayHave(stored, credentials, this.plan.mode) && verdictOf(stored, wish, now) === VERDICT.USE
  }

  /**
   * What is stored of a page for a request.
   * @param {string} key
   * @param {any} req
   */
  async look(key, req) {
    const stored = decode(await this.cache.look(key))
    if (stored?.kind !== KIND.FORK) return { stored, variant: '' }
    const variant = variantOf(stored.vary, req.headers)
    return { stored: decode(await this.cache.look(variantKey(key, stored, variant, this.plan.maxVariants))), variant }
  }

  /**
   * What is stored is given.
   * @param {any} req
   * @param {any} res
   * @param {import('../http/record').Stored} stored
   * @param {number} now
   * @param {string} key
   */
  give(req, res, stored, now, key) {
    const ttlMs = stored.freshMs - stored.ageAt(now)
    const isFresh = ttlMs > 0
    if (isFresh) this.cache.counts.hits++
    else this.cache.counts.staleHits++
    this.tell(req, isFresh ? HIT : STALE)
    return this.replay(req, res, stored, now, key, { hit: true, ttlMs })
  }

  /**
   * @param {any} req
   * @param {any} res
   * @param {import('../http/record').Stored} stored
   * @param {number} now
   * @param {string} key
   * @param {Parameters<typeof cacheStatus>[1]} done what `Cache-Status` is to say
   */
  replay(req, res, stored, now, key, done) {
    return replay(req, res, stored, { bodies: this.cache.bodies, now, status: cacheStatus(this.plan.cacheName, done), lost: () => this.lost(key) })
  }

  /**
   * A part of its body is gone: whoever comes next is to load it anew.
   * @param {string} key
   */
  lost(key) {
    this.cache.counts.lostBodies++
    void this.cache.drop(key).catch((error) => this.failed(error))
  }

  /**
   * The application answers, and nothing of it is stored.
   * @param {any} req
   * @param {any} res
   * @param {string | null} detail
   */
  pass(req, res, detail) {
    this.cache.counts.passes++
    this.tell(req, { outcome: 'pass', detail })
    if (!res.headersSent) addCacheStatus(res, cacheStatus(this.plan.cacheName, { forward: 'bypass', detail }))
  }

  /**
   * @param {any} req
   * @param {Told} told
   */
  tell(req, told) {
    this.#told.set(req, told)
    if (told.detail !== null && refused.hasSubscribers) refused.publish({ detail: told.detail })
  }

  /** @param {any} req */
  toldOf(req) {
    return this.#told.get(req)
  }

  /**
   * Something of the user's, or of the store, failed while the client is served all the same.
   * @param {unknown} thrown
   */
  failed(thrown) {
    this.cache.counts.failures++
    if (error.hasSubscribers) error.publish({})
    // The client is owed an answer, whatever listens, and however it fails.
    void (async () => this.plan.onError?.(thrown))().catch(() => {})
  }
}

module.exports = { Door }
