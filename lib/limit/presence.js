'use strict'

// How many processes there are, and which policies they use: each says so when it decides something, and not more often than every few seconds.

const BEAT_MS = 10_000
/** So soon one that failed is tried again. */
const AGAIN_MS = 1_000
/** Whoever has not been heard of for so long is no longer there. */
const ALIVE_MS = 3 * BEAT_MS
/** Of policies that differ from call to call no more are told of. */
const MOST = 1_000
/** The longest that a key may be told to live. */
const LONGEST_MS = 2 ** 48

class Presence {
  #decider
  #beatAt = -Infinity
  /** Sets that were told of. @type {WeakSet<import('./policies').PolicySet>} */
  #seen = new WeakSet()
  /** @type {Map<string, number>} how long each policy is to be remembered */
  #policies = new Map()
  instances

  /**
   * @param {import('./decider').Decider} decider
   * @param {number} instances until Redis has told
   */
  constructor(decider, instances) {
    this.#decider = decider
    this.instances = instances
  }

  get names() {
    return [...this.#policies.keys()].join('\0')
  }

  /** @param {import('./plan').Plan} plan what is about to be decided */
  seen(plan) {
    /** @type {string[]} */
    const fresh = []
    if (this.#policies.size > MOST) {
      this.#policies.clear()
      this.#seen = new WeakSet()
    }
    for (const [set] of plan) {
      if (this.#seen.has(set)) continue
      this.#seen.add(set)
      for (const { suffix } of set.policies) {
        const known = this.#policies.get(suffix) ?? 0
        if (known === 0) fresh.push(suffix)
        this.#policies.set(suffix, Math.min(Math.max(known, set.keepMs), LONGEST_MS))
      }
    }
    const now = performance.now()
    if (now - this.#beatAt > BEAT_MS) this.#beat(now, this.names)
    else if (fresh.length > 0) this.#beat(this.#beatAt, fresh.join('\0'))
  }

  /**
   * @param {number} now
   * @param {string} names of the policies that are told of
   */
  #beat(now, names) {
    this.#beatAt = now
    const keepMs = Math.max(...this.#policies.values())
    this.#decider
      .call((native, ticket) => native.beat(ticket, ALIVE_MS, keepMs, names))
      .then((count) => (this.instances = Math.max(1, count)))
      .catch(() => (this.#beatAt = performance.now() - BEAT_MS + AGAIN_MS))
  }
}

module.exports = { Presence }
