'use strict'

// The tags of Next.js: invalidated for every process, known in memory. Whether somebody has invalidated anything is one number, of which the server tells when it changes.

const { readFileSync } = require('node:fs')
const path = require('node:path')
// Not the globals: an environment of a test may lack them or have replaced them.
const { setTimeout } = require('node:timers')
const { TypeSafeCache } = require('../cache')
const { RedwrightError } = require('../errors')
const { space } = require('../key-space')
const { TagStates } = require('./tag-states')

const INVALIDATE = readFileSync(path.join(__dirname, 'lua', 'invalidate.lua'), 'utf8')
const SINCE = readFileSync(path.join(__dirname, 'lua', 'since.lua'), 'utf8')

const NAMESPACE = 'tags'
/** In a cluster all three share a slot. */
const [LAST, STATES, ORDER] = ['{tags}last', '{tags}states', '{tags}order']
/** So many tags a script call is about. */
const AT_ONCE = 500
/** So many invalidations are owed to Redis at most. */
const MOST_OWED = 10_000
const OWED_PAUSE_MS = 500
/** Where tags begin in the replies of the two scripts. */
const [BEHIND_FIRST, BEHIND_BEFORE] = [2, 3]

/** How long behind an invalidation what carries its tag is stale before it is over: `undefined` for not at all, `null` for ever. @typedef {number | null | undefined} StaleMs */

class Tags {
  #redis
  #keys
  #keepMs
  #last
  #states = new TagStates()
  /** Up to which number the states are known; 0 for nothing. */
  #number = 0
  /** @type {Promise<void> | null} */
  #learning = null
  /** What Redis has not been told yet. @type {Map<string, StaleMs>} */
  #owed = new Map()
  /** @type {Promise<void> | null} */
  #paying = null
  #isToPay = false

  /**
   * @param {import('../redis').Redis} redis
   * @param {{ prefix: string, keepMs: number, timeoutMs: number }} settings `keepMs`: no entry lives longer
   */
  constructor(redis, { prefix, keepMs, timeoutMs }) {
    this.#redis = redis
    this.#keepMs = keepMs
    this.#keys = [LAST, STATES, ORDER].map((id) => space(prefix, NAMESPACE) + id)
    this.#last = new TypeSafeCache(redis, { prefix, namespace: NAMESPACE, name: `${prefix} tags`, near: { maxEntries: 1 }, timeoutMs })
  }

  /** Up to which invalidation all is known. */
  get number() {
    return this.#number
  }

  /** The first invalidation that all is known of since. */
  get first() {
    return this.#states.first
  }

  /** Whether nothing is known to have been invalidated that is not known here; without a round trip. */
  get isCurrent() {
    const last = this.#last.peek(LAST)
    return typeof last === 'number' && last <= this.#number
  }

  /** Learns what has been invalidated. No round trip where nothing has been, two where something has. */
  async current() {
    if (this.#owed.size > 0) await this.#pay()
    while (!this.isCurrent) {
      if (this.#learning === null) return this.#learn()
      // Who comes now must not be told what was known before.
      await this.#learning
    }
  }

  #learn() {
    const learning = this.#learnOnce().finally(() => (this.#learning = null))
    this.#learning = learning
    return learning
  }

  async #learnOnce() {
    const last = await this.#last.get(LAST)
    if (typeof last === 'number' && last <= this.#number) return
    // Numbers begin with the first entry, so that one which is older than the oldest number can be told.
    if (last === null) await this.#begin()
    else await this.catchUp()
  }

  async #begin() {
    this.#learned(/** @type {string[]} */ (await this.#eval(INVALIDATE, [this.#keepMs, 'expire', -1])), BEHIND_BEFORE)
  }

  /** As `current`, whatever is said to be the last number. */
  async catchUp() {
    for (;;) {
      const before = this.#number
      const reply = await this.#eval(SINCE, [String(before), AT_ONCE])
      if (reply === null) return this.#begin()
      this.#learned(reply, BEHIND_FIRST)
      if (reply.length < AT_ONCE * 2) return
    }
  }

  /**
   * @param {string} script
   * @param {readonly (string | number)[]} args
   * @returns {Promise<string[] | null>}
   */
  #eval(script, args) {
    return this.#redis.eval(script, this.#keys, args)
  }

  /**
   * Up to the number that a reply begins with all is known now.
   * @param {string[]} reply
   * @param {number} from where the tags begin in it
   */
  #learned(reply, from) {
    for (let i = from; i + 1 < reply.length; i += 2) this.#states.set(reply[i], reply[i + 1])
    this.#states.first = Number(reply[1])
    this.#number = Math.max(this.#number, Number(reply[0]))
  }

  /**
   * How an entry stands whose making began at a number.
   * @param {readonly string[]} tags
   * @param {number} number
   * @param {number} now
   * @returns {import('./tag-states').Standing}
   */
  standing(tags, number, now) {
    let isStale = false
    for (const tag of tags) {
      if (!this.#owed.has(tag)) continue
      if (this.#owed.get(tag) === undefined) return 'expired'
      isStale = true
    }
    if (number > this.#number) return 'unknown'
    const standing = this.#states.standing(tags, number, now)
    return standing === 'fresh' && isStale ? 'stale' : standing
  }

  /**
   * Counts at once here, and for all others when Redis has been told; where it cannot be, it is told later.
   * @param {readonly string[]} tags
   * @param {StaleMs} staleMs
   * @returns {Promise<boolean>} whether Redis has been told
   */
  async invalidate(tags, staleMs) {
    const known = [...new Set(tags)]
    if (this.#owed.size + known.length > MOST_OWED) throw new RedwrightError('ERR_BUSY', `more than ${MOST_OWED} invalidations wait for Redis`)
    for (const tag of known) this.#owe(tag, staleMs)
    await this.#pay()
    return !known.some((tag) => this.#owed.has(tag))
  }

  /**
   * What is over stays so.
   * @param {string} tag
   * @param {StaleMs} staleMs
   */
  #owe(tag, staleMs) {
    if (this.#owed.has(tag) && this.#owed.get(tag) === undefined) return
    this.#owed.set(tag, staleMs)
  }

  /** Tells Redis what it is owed, one at a time; never rejects. */
  async #pay() {
    while (this.#paying !== null) await this.#paying
    if (this.#owed.size === 0) return
    this.#paying = this.#payOnce().finally(() => (this.#paying = null))
    await this.#paying
  }

  async #payOnce() {
    /** @type {Map<StaleMs, string[]>} */
    const groups = new Map()
    for (const [tag, staleMs] of this.#owed) groups.set(staleMs, [...(groups.get(staleMs) ?? []), tag])
    try {
      for (const [staleMs, tags] of groups) {
        for (let i = 0; i < tags.length; i += AT_ONCE) await this.#tell(tags.slice(i, i + AT_ONCE), staleMs)
      }
    } catch {
      this.#payLater()
    }
  }

  #payLater() {
    if (this.#isToPay) return
    this.#isToPay = true
    const pay = () => {
      this.#isToPay = false
      void this.#pay()
    }
    setTimeout(pay, OWED_PAUSE_MS).unref()
  }

  /**
   * @param {string[]} tags
   * @param {StaleMs} staleMs
   */
  async #tell(tags, staleMs) {
    const how = staleMs === undefined ? ['expire', -1] : ['stale', staleMs ?? -1]
    const reply = /** @type {string[]} */ (await this.#eval(INVALIDATE, [this.#keepMs, ...how, ...tags]))
    // Others may have invalidated something that is not known here yet.
    if (Number(reply[2]) > this.#number) await this.catchUp()
    else this.#learned(reply, BEHIND_BEFORE)
    for (const tag of tags) if (this.#owed.get(tag) === staleMs) this.#owed.delete(tag)
  }
}

module.exports = { Tags }
