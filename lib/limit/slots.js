'use strict'

// Places of those who may be at work at once. They free themselves when nobody renews them; those of this process are renewed together.

const { randomUUID } = require('node:crypto')
// Not the global: an environment of a test may have replaced it.
const { setInterval, clearInterval } = require('node:timers')
const { RedwrightError } = require('../errors')
const { numbersOf } = require('./plan')

/** @typedef {{ key: string, token: string, leaseMs: number }} Held */

class Slots {
  #decider
  /** By their token. @type {Map<string, Held>} */
  #held = new Map()
  /** Places that were given without Redis, by their key. @type {Map<string, number>} */
  #local = new Map()
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  #everyMs = Infinity

  /** @param {import('./decider').Decider} decider */
  constructor(decider) {
    this.#decider = decider
  }

  /**
   * @param {string} key
   * @param {number} limit
   * @param {number} leaseMs
   */
  async acquire(key, limit, leaseMs) {
    const token = randomUUID()
    if (limit === 0) return slot(false, limit, 0, Infinity, false, null)
    let numbers
    try {
      numbers = await this.#decider.call((native, ticket) => native.acquire(ticket, key, limit, leaseMs, token), numbersOf)
    } catch (error) {
      // It may have been given all the same; this comes behind it.
      if (error instanceof RedwrightError && error.maybeExecuted) this.#decider.call((native, ticket) => native.release(ticket, key, token)).catch(() => {})
      return this.#acquireWithout(key, limit, leaseMs)
    }
    const [given, remaining, retryAfterMs] = numbers
    if (given === 0) return slot(false, limit, 0, retryAfterMs, false, null)
    this.#hold({ key, token, leaseMs })
    return slot(true, limit, remaining, 0, false, () => this.#release(key, token))
  }

  /**
   * @param {string} key
   * @param {number} limit
   * @param {number} leaseMs
   */
  #acquireWithout(key, limit, leaseMs) {
    const { onUnavailable, instances } = this.#decider
    if (onUnavailable === 'deny') return slot(false, limit, 0, leaseMs, true, null)
    const most = onUnavailable === 'allow' ? Infinity : Math.max(1, Math.floor(limit / instances))
    const local = this.#local.get(key) ?? 0
    let taken = local
    // Those that Redis gave are held still.
    for (const held of this.#held.values()) if (held.key === key) taken++
    if (taken >= most) return slot(false, limit, 0, leaseMs, true, null)
    this.#local.set(key, local + 1)
    return slot(true, limit, Math.max(0, Math.min(most, limit) - taken - 1), 0, true, async () => {
      const left = (this.#local.get(key) ?? 1) - 1
      if (left === 0) this.#local.delete(key)
      else this.#local.set(key, left)
      return true
    })
  }

  /** @param {Held} held */
  #hold(held) {
    this.#held.set(held.token, held)
    const everyMs = held.leaseMs / 3
    if (everyMs >= this.#everyMs) return
    clearInterval(this.#timer)
    this.#everyMs = everyMs
    this.#timer = setInterval(() => this.#renew(), everyMs).unref()
  }

  #renew() {
    /** @type {Map<string, Held[]>} */
    const together = new Map()
    for (const held of this.#held.values()) {
      const name = `${held.leaseMs} ${held.key}`
      const others = together.get(name)
      if (others === undefined) together.set(name, [held])
      else others.push(held)
    }
    for (const some of together.values()) {
      const [{ key, leaseMs }] = some
      const tokens = some.map(({ token }) => token).join('\0')
      // It is tried again at the next turn, before they free themselves.
      this.#decider.call((native, ticket) => native.renew(ticket, key, leaseMs, tokens)).catch(() => {})
    }
  }

  /**
   * @param {string} key
   * @param {string} token
   */
  async #release(key, token) {
    this.#held.delete(token)
    if (this.#held.size === 0) {
      clearInterval(this.#timer)
      this.#everyMs = Infinity
    }
    try {
      return await this.#decider.call((native, ticket) => native.release(ticket, key, token))
    } catch {
      // It frees itself in time.
      return false
    }
  }
}

/**
 * @param {boolean} allowed
 * @param {number} limit
 * @param {number} remaining
 * @param {number} retryAfterMs
 * @param {boolean} degraded
 * @param {(() => Promise<boolean>) | null} free
 */
function slot(allowed, limit, remaining, retryAfterMs, degraded, free) {
  let isFree = false
  const release = async () => {
    if (isFree || free === null) return false
    isFree = true
    return free()
  }
  return { allowed, limit, remaining, retryAfterMs, degraded, release, [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: async () => void (await release()) }
}

module.exports = { Slots }
