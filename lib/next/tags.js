'use strict'

// The tags of Next.js: invalidated for every process, known in memory. Whether somebody has invalidated anything is one number, of which the server tells when it changes.

const { readFileSync } = require('node:fs')
const path = require('node:path')
// Not the globals: an environment of a test may lack them or have replaced them.
const { setTimeout } = require('node:timers')
const { TypeSafeCache } = require('../cache')
const { space } = require('../key-space')
const { NumberLog } = require('./number-log')
const { Owed } = require('./owed')
const { TagStates } = require('./tag-states')

const INVALIDATE = readFileSync(path.join(__dirname, 'lua', 'invalidate.lua'), 'utf8')
const SINCE = readFileSync(path.join(__dirname, 'lua', 'since.lua'), 'utf8')

const NAMESPACE = 'tags'
/** In a cluster all three share a slot. */
const [LAST, STATES, ORDER] = ['{tags}last', '{tags}states', '{tags}order']
/** So many tags a script call is about. */
const AT_ONCE = 500
const OWED_PAUSE_MS = 500
/** Tags are known for longer than entries live, by this much; and who stores entries has them live on at least twice in that time. */
const LONGER_MS = 3_600_000
const RENEWAL_MS = LONGER_MS / 2
/** Where tags begin in the replies of the two scripts. */
const [BEHIND_FIRST, BEHIND_BEFORE] = [2, 3]

class Tags {
  #redis
  #keys
  #keepMs
  #last
  #states
  /** Up to which number the states are known. */
  #numbers = new NumberLog()
  /** @type {Promise<void> | null} */
  #learning = null
  #owed = new Owed()
  /** @type {Promise<void> | null} */
  #paying = null
  #isToPay = false
  #renewedAt = -Infinity

  /**
   * @param {import('../redis').Redis} redis
   * @param {{ prefix: string, lifeMs: number, timeoutMs: number }} settings `lifeMs`: no entry lives longer
   */
  constructor(redis, { prefix, lifeMs, timeoutMs }) {
    this.#redis = redis
    this.#keepMs = lifeMs + LONGER_MS
    this.#states = new TagStates(this.#keepMs)
    this.#keys = [LAST, STATES, ORDER].map((id) => space(prefix, NAMESPACE) + id)
    this.#last = new TypeSafeCache(redis, { prefix, namespace: NAMESPACE, name: `${prefix} tags`, near: { maxEntries: 1 }, timeoutMs })
  }

  /** Up to which invalidation all is known; 0 for nothing. */
  get number() {
    return this.#numbers.last
  }

  /** The first invalidation that all is known of since. */
  get first() {
    return this.#states.first
  }

  /**
   * Up to which invalidation all was known at a time; 0 for nothing.
   * @param {number} at ms since 1970, by the clock of this process
   */
  numberAt(at) {
    return this.#numbers.at(at)
  }

  /** Whether nothing is known to have been invalidated that is not known here; without a round trip. */
  get isCurrent() {
    const last = this.#last.peek(LAST)
    return typeof last === 'number' && last <= this.number
  }

  /** Learns what has been invalidated. No round trip where nothing has been, two where something has. */
  async current() {
    if (!this.#owed.isNone) await this.#pay()
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
    if (typeof last === 'number' && last <= this.number) return
    // Numbers begin with the first entry, so that one which is older than the oldest number can be told.
    if (last === null) await this.#begin()
    else await this.catchUp()
  }

  async #begin() {
    this.#learned(await this.#call('expire', -1, []), BEHIND_BEFORE)
  }

  /** As `current`, whatever is said to be the last number. */
  async catchUp() {
    for (;;) {
      /** @type {string[] | null} */
      const reply = await this.#redis.eval(SINCE, this.#keys, [String(this.number), AT_ONCE])
      if (reply === null) return this.#begin()
      this.#learned(reply, BEHIND_FIRST)
      if (reply.length < AT_ONCE * 2) return
    }
  }

  /** Has what is known of tags live on, where an entry is stored: no entry may outlive it. */
  async renew() {
    const now = performance.now()
    if (now < this.#renewedAt + RENEWAL_MS) return
    await this.#call('expire', -1, [])
    this.#renewedAt = now
  }

  /**
   * @param {'expire' | 'stale' | 'all'} how
   * @param {number} ms
   * @param {readonly string[]} tags
   * @returns {Promise<string[]>}
   */
  #call(how, ms, tags) {
    return this.#redis.eval(INVALIDATE, this.#keys, [this.#keepMs, how, ms, ...tags])
  }

  /**
   * Up to the number that a reply begins with all is known now.
   * @param {string[]} reply
   * @param {number} from where the tags begin in it
   */
  #learned(reply, from) {
    this.#states.first = Number(reply[1])
    for (let i = from; i + 1 < reply.length; i += 2) this.#states.set(reply[i], reply[i + 1])
    this.#numbers.add(Number(reply[0]))
  }

  /**
   * How an entry stands whose making began at a number.
   * @param {readonly string[]} tags
   * @param {number} number
   * @param {number} now
   * @returns {import('./tag-states').Standing}
   */
  standing(tags, number, now) {
    const owed = this.#owed.standing(tags)
    if (owed === 'expired') return owed
    if (number > this.number) return 'unknown'
    const standing = this.#states.standing(tags, number, now)
    return standing === 'fresh' ? owed : standing
  }

  /**
   * Counts at once here, and for all others when Redis has been told; where it cannot be, it is told later. Never rejects.
   * @param {readonly string[]} tags
   * @param {import('./owed').StaleMs} staleMs
   * @returns {Promise<boolean>} whether Redis has been told
   */
  async invalidate(tags, staleMs) {
    for (const tag of tags) this.#owed.add(tag, staleMs)
    // Both interfaces are told of the same tags in one turn.
    await undefined
    await this.#pay()
    return !this.#owed.hasAny(tags)
  }

  /** Tells Redis what it is owed, one at a time; never rejects. */
  async #pay() {
    while (this.#paying !== null) await this.#paying
    if (this.#owed.isNone) return
    this.#paying = this.#payOnce().finally(() => (this.#paying = null))
    await this.#paying
  }

  async #payOnce() {
    try {
      if (this.#owed.isAll) {
        await this.#told(await this.#call('all', -1, []))
        this.#owed.isAll = false
      }
      for (const [staleMs, debts] of this.#owed.send()) {
        for (let i = 0; i < debts.length; i += AT_ONCE) {
          const part = debts.slice(i, i + AT_ONCE)
          await this.#told(await this.#call(staleMs === undefined ? 'expire' : 'stale', staleMs ?? -1, part.map(([tag]) => tag)))
          this.#owed.paid(part)
        }
      }
    } catch {
      this.#payLater()
    }
  }

  /** @param {string[]} reply */
  async #told(reply) {
    // Others may have invalidated something that is not known here yet.
    if (Number(reply[2]) > this.number) await this.catchUp()
    else this.#learned(reply, BEHIND_BEFORE)
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
}

module.exports = { Tags }
