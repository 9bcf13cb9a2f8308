'use strict'

// `RateLimitStore`: where express-rate-limit keeps its counts. It counts, and express-rate-limit decides.

const check = require('../check')
const { RedwrightError, typeError } = require('../errors')
const { Counts } = require('../limit/counts')
const { period: periodOf } = require('../limit/policy')
const { LocalCounts } = require('./local-counts')
const { notice } = require('./notice')

const KNOWN = /** @type {const} */ (['prefix', 'timeoutMs', 'onUnavailable'])
/** That of rate-limit-redis, so that a change of the store takes the counts along. */
const PREFIX = 'rl:'
const TIMEOUT_MS = 100
const UNAVAILABLE = /** @type {const} */ (['local', 'reject'])

class RateLimitStore {
  /** Others count the same keys: express-rate-limit asks. */
  localKeys = false
  #counts
  #local = new LocalCounts()
  #answersAlone
  /** @type {number | undefined} */
  #windowMs

  /**
   * @param {any} source
   * @param {import('../../express').RateLimitStoreOptions} [options]
   */
  constructor(source, options) {
    const { prefix = PREFIX, timeoutMs = TIMEOUT_MS, onUnavailable = 'local' } = check.options(options, 'options', KNOWN)
    check.key(prefix, 'options.prefix')
    this.prefix = prefix
    this.#answersAlone = check.oneOf(onUnavailable, 'options.onUnavailable', UNAVAILABLE) === 'local'
    this.#counts = Counts.of(source, prefix, check.duration(timeoutMs, 'options.timeoutMs'))
  }

  /** @param {{ windowMs: number }} options of express-rate-limit */
  init(options) {
    this.#windowMs = periodOf(options?.windowMs, 'options.windowMs', 1)
  }

  get #window() {
    if (this.#windowMs === undefined) throw typeError('store.init must be called before, with a valid windowMs; express-rate-limit does so')
    return this.#windowMs
  }

  /** @param {string} key */
  async get(key) {
    check.key(key)
    const windowMs = this.#window
    const found = await this.#ask(
      () => this.#counts.look(key, windowMs),
      () => this.#local.look(key),
    )
    return found === null ? undefined : told(found)
  }

  /** @param {string} key */
  async increment(key) {
    check.key(key)
    const windowMs = this.#window
    const owed = this.#local.claim(key)
    const counted = await this.#ask(
      async () => {
        const counted = await this.#counts.add(key, 1 + owed, windowMs)
        this.#local.paid(key, owed)
        return counted
      },
      (wasSent) => this.#local.hit(key, windowMs, !wasSent),
      (wasSent) => (wasSent ? this.#local.doubtful(key, owed) : this.#local.unpaid(key, owed)),
    )
    return told(counted)
  }

  /** @param {string} key */
  async decrement(key) {
    check.key(key)
    const windowMs = this.#window
    if (this.#local.giveBack(key)) return
    await this.#ask(
      async () => void (await this.#counts.add(key, -1, windowMs)),
      () => {},
    )
  }

  /** @param {string} key */
  async resetKey(key) {
    check.key(key)
    this.#local.forget(key)
    await this.#counts.forget(key)
  }

  async resetAll() {
    this.#local.forgetAll()
    await this.#counts.forgetAll()
  }

  /**
   * @template T
   * @param {() => Promise<T>} redis
   * @param {(wasSent: boolean) => T} alone
   * @param {(wasSent: boolean) => void} [failed]
   * @returns {Promise<T>}
   */
  async #ask(redis, alone, failed) {
    try {
      return await redis()
    } catch (error) {
      const wasSent = error instanceof RedwrightError && error.maybeExecuted
      failed?.(wasSent)
      if (!this.#answersAlone || !(error instanceof RedwrightError)) throw error
      const { code } = error
      notice('storeAlone', `Rate limit: Redis failed with ${code}, so this process counts in its memory until it is back`, { code })
      return alone(wasSent)
    }
  }
}

/**
 * A span, told by the clock of this machine: its reader has no other.
 * @param {{ total: number, resetMs: number }} counted
 */
function told({ total, resetMs }) {
  return { totalHits: total, resetTime: new Date(Date.now() + resetMs) }
}

module.exports = { RateLimitStore }
