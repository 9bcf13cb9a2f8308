'use strict'

// The decisions of a limiter: gathered for a turn, asked together, and made without Redis where that does not answer.

const binding = require('../native')
const { Redis, realmOf } = require('../redis')
const { beginTurn } = require('../turn')
const { typeError, kindOf } = require('../errors')
const { callWithin, once } = require('./call')
const { Presence } = require('./presence')
const { encode, decode } = require('./plan')
const { Portions } = require('./portions')
const { Refusals } = require('./refusals')
const { uncounted } = require('./results')

/** So many callers of one key do, so that no answer takes the event loop for long. */
const MOST_CALLERS = 512

/** @typedef {import('./policies').PolicySet} PolicySet */
/** @typedef {import('./plan').Plan} Plan */
/** @typedef {import('./results').Result} Result */

class Decider {
  #redis
  #settings
  /** @type {import('../../binding').NativeRateLimiter | null} */
  #native = null
  #refusals = new Refusals(null)
  #presence
  /** What this turn has gathered. @type {Map<PolicySet, Map<string, import('./plan').Group>>} */
  #gathered = new Map()
  #keys = 0
  #callers = 0
  #portions = new Portions()
  #isBegun = false
  counts = { allowed: 0, limited: 0, remembered: 0, degraded: 0 }

  /**
   * @param {Redis} redis
   * @param {{ prefix: string, timeoutMs: number, onUnavailable: 'allow' | 'deny' | 'local', instances: number }} settings
   */
  constructor(redis, settings) {
    if (!(redis instanceof Redis)) throw typeError(`redis must be a Redis of this package, got ${kindOf(redis)}`)
    this.#redis = redis
    this.#settings = settings
    this.#presence = new Presence(this, settings.instances)
  }

  /** @param {import('../../binding').NativeRedis} redis */
  #on(redis) {
    if (this.#native === null) {
      const { prefix, timeoutMs } = this.#settings
      this.#native = new binding.NativeRateLimiter(redis, realmOf(this.#redis), prefix, timeoutMs)
      this.#refusals = new Refusals(/** @type {any} */ (this.#native.words()))
    }
    return this.#native
  }

  /**
   * Does one native call within the deadline.
   * @param {(native: import('../../binding').NativeRateLimiter, ticket: number) => number} submit
   * @param {import('../calls').Decode | null} [decode]
   * @returns {Promise<any>}
   */
  call(submit, decode = null) {
    // What was asked for before leaves before.
    if (this.#callers > 0) this.#leave()
    return callWithin(this.#redis, this.#settings.timeoutMs, (redis, ticket) => submit(this.#on(redis), ticket), decode)
  }

  /**
   * Something is counted for a key beside a decision.
   * @param {PolicySet} set
   */
  uses(set) {
    this.#presence.seen([[set, []]])
  }

  /**
   * A decision. A negative cost looks, and takes nothing.
   * @param {PolicySet} set
   * @param {string} key
   * @param {number} cost
   * @returns {Promise<Result>}
   */
  decide(set, key, cost) {
    // Nothing is ever allowed.
    if (set.most === 0) return Promise.resolve(this.counted(uncounted(set, false, Infinity, this.serverNow(), false), cost))
    if (set.refused.size > 0) {
      const known = this.#refusals.find(set, key, cost)
      if (known !== null) {
        this.counts.limited++
        this.counts.remembered++
        return Promise.resolve(known)
      }
    }
    return new Promise((resolve) => this.#gather(set, key, cost, resolve))
  }

  /**
   * @param {PolicySet} set
   * @param {string} key
   * @param {number} cost
   * @param {(result: Result) => void} resolve
   */
  #gather(set, key, cost, resolve) {
    if (!this.#isBegun) {
      this.#isBegun = true
      beginTurn(this)
    }
    let groups = this.#gathered.get(set)
    if (groups === undefined) this.#gathered.set(set, (groups = new Map()))
    const group = groups.get(key)
    if (group === undefined) {
      // What comes next may be for one of these, so they leave when another key comes.
      if (this.#keys >= this.#portions.size) {
        this.#leave()
        this.#gathered.set(set, (groups = new Map()))
      }
      this.#keys++
      groups.set(key, { key, costs: [cost], resolves: [resolve] })
    } else {
      group.costs.push(cost)
      group.resolves.push(resolve)
    }
    if (++this.#callers === MOST_CALLERS) this.#leave()
  }

  endTurn() {
    this.#isBegun = false
    if (this.#callers > 0) this.#leave()
    this.#portions.endTurn()
  }

  #leave() {
    /** @type {Plan} */
    const plan = []
    for (const [set, groups] of this.#gathered) plan.push([set, [...groups.values()]])
    // Not cleared, as in `Flights`.
    this.#gathered = new Map()
    const count = this.#keys
    this.#portions.leave(count)
    this.#keys = 0
    this.#callers = 0
    this.#presence.seen(plan)
    const { numbers, names, keys } = encode(plan)
    const outcome = once((/** @type {Uint8Array} */ bytes) => this.#answered(plan, bytes), () => this.#undecided(plan))
    const call = this.call((native, ticket) => native.decide(ticket, count, numbers, names, keys), outcome).catch(outcome.recover)
    call.finally(() => this.#portions.end(count))
  }

  /**
   * @param {Plan} plan
   * @param {Uint8Array} bytes
   */
  #answered(plan, bytes) {
    const left = decode(plan, bytes, false, (set, { key, costs, resolves }, caller, result, mark, answer) => {
      const cost = costs[caller]
      if (!result.allowed && cost > 0 && answer !== -2) this.#refusals.learn(set, key, cost, mark, result)
      resolves[caller](this.counted(result, cost))
    })
    if (left.length > 0) this.#undecided(left)
  }

  /**
   * Decides without Redis.
   * @param {Plan} plan
   * @param {boolean} [owes] whether Redis is to be told of what is allowed
   */
  #undecided(plan, owes = true) {
    const { onUnavailable } = this.#settings
    if (onUnavailable === 'local' && this.#native !== null) {
      const { numbers, names, keys } = encode(plan)
      const bytes = this.#native.decideLocally(numbers, names, keys, this.#presence.instances, owes)
      decode(plan, bytes, true, (_set, { costs, resolves }, caller, result) => resolves[caller](this.counted(result, costs[caller])))
      return
    }
    const now = this.serverNow()
    for (const [set, groups] of plan) {
      for (const { costs, resolves } of groups) {
        // Without even the native half nothing can be counted.
        const allowed = onUnavailable !== 'deny'
        costs.forEach((cost, i) => resolves[i](this.counted(uncounted(set, allowed, allowed ? 0 : this.#settings.timeoutMs, now, true), cost)))
      }
    }
  }

  /**
   * One decision without Redis.
   * @param {PolicySet} set
   * @param {string} key
   * @param {number} cost
   * @param {boolean} [owes]
   * @returns {Promise<Result>}
   */
  decideWithout(set, key, cost, owes) {
    return new Promise((resolve) => this.#undecided([[set, [{ key, costs: [cost], resolves: [resolve] }]]], owes))
  }

  /**
   * Takes units without Redis whatever the limits say, or gives them back where they are negative; what is left then.
   * @param {PolicySet} set
   * @param {string} key
   * @param {number} units
   */
  applyWithout(set, key, units) {
    if (this.#settings.onUnavailable === 'local') this.#native?.applyLocally(key, units, set.numbers, set.names, this.#presence.instances)
    return this.decideWithout(set, key, -1)
  }

  /**
   * @param {Result} result
   * @param {number} cost
   */
  counted(result, cost) {
    const { counts } = this
    if (cost > 0) {
      if (result.allowed) counts.allowed++
      else counts.limited++
    }
    if (result.degraded) counts.degraded++
    return result
  }

  get onUnavailable() {
    return this.#settings.onUnavailable
  }

  get instances() {
    return this.#presence.instances
  }

  /** What the keys of all policies that this process has used end in. */
  get names() {
    return this.#presence.names
  }

  /** In ms since the epoch. */
  serverNow() {
    return this.#native?.serverNow() ?? Date.now()
  }
}

module.exports = { Decider }
