'use strict'

// Policies that decide together, each set of them checked once.

const check = require('../check')
const { typeError, rangeError } = require('../errors')
const { OPTIONS, policy, windowed, drained, limit, period, refill } = require('./policy')

const MOST_POLICIES = 16
const DAY_MS = 86_400_000
/** How many sets are kept that were checked before. */
const MOST_KNOWN = 1000

/** @typedef {import('./policy').Policy} Policy */

/**
 * Policies that decide together.
 * @typedef {ReturnType<typeof setOf>} PolicySet
 */

/**
 * @param {readonly Policy[]} policies
 * @param {boolean} isListed whether a decision lists what each of them says
 */
function setOf(policies, isListed) {
  return {
    policies,
    isListed,
    /** As they cross. */
    names: policies.map(({ suffix }) => suffix).join('\0'),
    numbers: Float64Array.of(policies.length, ...policies.flatMap(({ kind, limit, span, rate }) => [kind, limit, span, rate])),
    /** More than this is never allowed. */
    most: Math.min(...policies.map(({ limit }) => limit)),
    /** How long what is counted matters. */
    keepMs: Math.max(...policies.map(({ keepMs }) => keepMs)) + DAY_MS,
    /** Keys that are refused from memory. @type {Map<string, import('./refusals').Refusal>} */
    refused: new Map(),
  }
}

/** Sets that were checked, by the values they were made of. A map tells a number from the text of one. */
class Known {
  /** @type {Map<unknown, Map<unknown, PolicySet>>} */
  #sets = new Map()
  #count = 0
  /** What was asked for last, which is mostly asked for again. @type {{ one: unknown, other: unknown, set: PolicySet } | null} */
  #last = null

  /**
   * @param {unknown} one
   * @param {unknown} other
   * @param {() => PolicySet} make
   */
  get(one, other, make) {
    const last = this.#last
    if (last !== null && last.one === one && last.other === other) return last.set
    const set = this.#sets.get(one)?.get(other) ?? this.#add(one, other, make())
    this.#last = { one, other, set }
    return set
  }

  /**
   * @param {unknown} one
   * @param {unknown} other
   * @param {PolicySet} set
   */
  #add(one, other, set) {
    // Limits that differ from call to call must not gather.
    if (++this.#count > MOST_KNOWN) {
      this.#sets.clear()
      this.#count = 1
    }
    const others = this.#sets.get(one)
    if (others === undefined) this.#sets.set(one, new Map([[other, set]]))
    else others.set(other, set)
    return set
  }
}

/** The policies of a limiter, each set of them checked once. */
class Policies {
  #fixed = new Known()
  #sliding = new Known()
  #buckets = new Known()
  #rates = new Known()
  #listed = new Known()
  #recent = new Recent()

  /**
   * @param {unknown} units
   * @param {unknown} window
   */
  fixedWindow(units, window) {
    return this.#fixed.get(units, window, () => windowOf('fixedWindow', units, window))
  }

  /**
   * @param {unknown} units
   * @param {unknown} window
   */
  slidingWindow(units, window) {
    return this.#sliding.get(units, window, () => windowOf('slidingWindow', units, window))
  }

  /**
   * @param {unknown} size
   * @param {unknown} rate
   */
  tokenBucket(size, rate) {
    return this.#buckets.get(size, rate, () => {
      const burst = limit(size, 'bucketSize')
      const micro = refill(rate)
      // So many millionths of a token a second: one takes 10⁹ / micro ms.
      return setOf([drained('tokenBucket', `${rate}s`, micro, 1e9, burst, 'bucketSize')], false)
    })
  }

  /** @param {any} given */
  gcra(given) {
    const { limit: units, period, burst } = check.object(given, 'options', ['limit', 'period', 'burst', 'cost'])
    const make = () => setOf([policy({ limit: units, period, burst }, 'options')], false)
    return burst === undefined ? this.#rates.get(units, period, make) : this.#rates.get(units, `${word(burst)}|${word(period)}`, make)
  }

  /**
   * One policy, or some.
   * @param {any} given
   * @returns {PolicySet}
   */
  listed(given) {
    const isList = Array.isArray(given)
    // Each is read once: what is checked is what counts.
    const values = isList ? [] : valuesOf(given, 'policies', [])
    if (isList) for (let i = 0; i < given.length; i++) valuesOf(given[i], `policies[${i}]`, values)
    return this.#recent.find(isList, values) ?? this.#make(isList, values)
  }

  /**
   * @param {boolean} isList
   * @param {unknown[]} values
   */
  #make(isList, values) {
    const set = this.#listed.get(isList, JSON.stringify(values.map(word)), () => listedSet(isList, values))
    this.#recent.add(isList, values, set)
    return set
  }
}

/** So many sets are found by looking at each. */
const RECENT = 8

/** The sets that were made last, by the values of their policies. */
class Recent {
  /** @type {{ isList: boolean, values: unknown[], set: PolicySet }[]} */
  #sets = []

  /**
   * @param {boolean} isList
   * @param {unknown[]} values
   */
  find(isList, values) {
    for (const one of this.#sets) if (one.isList === isList && isSame(one.values, values)) return one.set
    return undefined
  }

  /**
   * @param {boolean} isList
   * @param {unknown[]} values
   * @param {PolicySet} set
   */
  add(isList, values, set) {
    this.#sets.unshift({ isList, values, set })
    this.#sets.splice(RECENT)
  }
}

/**
 * @param {unknown[]} one
 * @param {unknown[]} other
 */
function isSame(one, other) {
  if (one.length !== other.length) return false
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false
  return true
}

/**
 * Stands for a value in the name of a set. Of what cannot be right the kind is enough: no such set is kept.
 * @param {unknown} value
 */
function word(value) {
  return typeof value === 'string' || typeof value === 'number' ? `${typeof value} ${value}` : typeof value
}

/**
 * Adds what a policy holds.
 * @param {any} policy
 * @param {string} where
 * @param {unknown[]} values
 */
function valuesOf(policy, where, values) {
  if (typeof policy !== 'object' || policy === null) check.object(policy, where, OPTIONS)
  for (const option in policy) if (!OPTIONS.includes(option)) check.object(policy, where, OPTIONS)
  const { name, limit, period, algorithm, burst } = policy
  values.push(name, limit, period, algorithm, burst)
  return values
}

/**
 * @param {'fixedWindow' | 'slidingWindow'} algorithm
 * @param {unknown} units
 * @param {unknown} window
 */
function windowOf(algorithm, units, window) {
  const checked = limit(units, 'limit')
  const ms = period(window, 'windowSeconds', 1000)
  return setOf([windowed(algorithm, String(ms), checked, ms)], false)
}

/**
 * @param {boolean} isList
 * @param {unknown[]} values of its policies, one behind the other
 */
function listedSet(isList, values) {
  const count = values.length / OPTIONS.length
  if (count === 0 || count > MOST_POLICIES) throw rangeError(`policies must be from 1 to ${MOST_POLICIES}, got ${count}`)
  const policies = Array.from({ length: count }, (_, i) => {
    const [name, limit, period, algorithm, burst] = values.slice(i * OPTIONS.length)
    return policy({ name, limit, period, algorithm, burst }, isList ? `policies[${i}]` : 'policies')
  })
  const seen = new Set()
  for (const { suffix, name } of policies) {
    if (seen.has(suffix)) throw typeError(`policies must differ in name, or in period and algorithm: two are '${name}'`)
    seen.add(suffix)
  }
  return setOf(policies, true)
}

module.exports = { Policies }
