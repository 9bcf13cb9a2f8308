'use strict'

// One call of a user's fetcher: what it is told, how long it may take, and what it decides.

const check = require('./check')
const given = require('./cache-arguments')
const { RedwrightError } = require('./errors')
// Not the globals: an environment of a test may lack them or have replaced them.
const { clearTimeout, setTimeout } = require('node:timers')

/** @typedef {(context: import('../index').FetchContext) => any} Fetcher */
/** @typedef {import('./cache-arguments').Plan} Plan */

/** What a fetcher is told, and says. Its functions may be taken out of it. */
class Context {
  #plan
  #isOver = false
  /** @type {AbortController | null} made for those who ask for it */
  #controller = null
  /** What `setTtl` said, over the plan. @type {{ ttlMs: number, staleMs: number } | null} */
  #said = null
  /** @type {readonly string[] | null} */
  #tags = null
  #isSkipped = false
  /** Whether what is loaded can be stored; for patterns of ours. */
  isLeased = false

  /**
   * @param {string} key
   * @param {string} namespace
   * @param {Plan} plan
   */
  constructor(key, namespace, plan) {
    this.key = key
    this.namespace = namespace
    this.#plan = plan
  }

  /** Aborts when the load is given up. */
  get signal() {
    this.#controller ??= new AbortController()
    return this.#controller.signal
  }

  setTtl = (/** @type {import('../index').Duration} */ ttl, /** @type {import('../index').Duration | undefined} */ staleTtl) => {
    const ttlMs = check.ttl(ttl, 'ttl')
    this.#said = { ttlMs, staleMs: staleTtl === undefined ? this.#plan.staleMs : given.stale(staleTtl, 'staleTtl') }
  }

  setTags = (/** @type {readonly string[]} */ tags) => {
    this.#tags = given.tags(tags, 'tags')
  }

  skip = () => {
    this.#isSkipped = true
  }

  /** @param {unknown} reason */
  giveUp(reason) {
    if (!this.#isOver) this.#controller?.abort(reason)
  }

  end() {
    this.#isOver = true
  }

  /**
   * How a value is to be stored; `null` for not at all.
   * @param {unknown} value
   * @returns {{ ttlMs: number, staleMs: number, tags: readonly string[], negative: boolean } | null}
   */
  decide(value) {
    const { negativeMs, tags } = this.#plan
    if (value === undefined || this.#isSkipped) return null
    const negative = value === null && negativeMs !== undefined
    const { ttlMs, staleMs } = this.#said ?? (negative ? { ttlMs: negativeMs, staleMs: 0 } : this.#plan)
    if (ttlMs === 0) return null
    return { ttlMs, staleMs, tags: this.#tags ?? (typeof tags === 'function' ? given.tags(tags(value), 'tags') : tags), negative }
  }
}

/**
 * Calls the fetcher. Rejects with what it throws, or with `ERR_LOAD_TIMEOUT` when it takes longer than `hardTimeoutMs`.
 * @param {Fetcher} fetcher
 * @param {Context} context
 * @param {number} hardMs 0 for no limit
 */
async function load(fetcher, context, hardMs) {
  try {
    const loading = fetcher(context)
    if (hardMs === 0) return await loading
    return await within(hardMs, loading, () => {
      const error = new RedwrightError('ERR_LOAD_TIMEOUT', `the fetcher took longer than ${hardMs} ms`)
      context.giveUp(error)
      return Promise.reject(error)
    })
  } finally {
    context.end()
  }
}

/**
 * A promise, or what `late` gives after a time.
 * @template T
 * @param {number} ms
 * @param {T | PromiseLike<T>} promise
 * @param {() => T | PromiseLike<T>} late
 * @returns {Promise<T>}
 */
function within(ms, promise, late) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(late()), ms)
    Promise.resolve(promise).then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

module.exports = { Context, load, within }
