'use strict'

// What a pattern does when Redis cannot serve: the option `onUnavailable` of every pattern.

const check = require('./check')
const { RedwrightError } = require('./errors')

/** Codes that say that Redis, or the way to it, cannot serve now: none of them is about the call itself. */
const UNAVAILABLE = new Set(['ERR_TIMEOUT', 'ERR_UNAVAILABLE', 'ERR_CIRCUIT_OPEN', 'ERR_BUSY', 'ERR_AUTH', 'ERR_PROTOCOL', 'ERR_TLS', 'ERR_CLOSED'])

/** States of a server that refuses what it would take at another time; the others among them are marked as retryable. */
const STATES = new Set(['MISCONF', 'NOREPLICAS'])

/** @param {unknown} error */
function isUnavailable(error) {
  if (!(error instanceof RedwrightError)) return false
  if (error.code === 'ERR_SERVER') return error.retryable || STATES.has(error.serverCode ?? '')
  return UNAVAILABLE.has(error.code)
}

/**
 * @param {unknown} value
 * @returns {boolean} whether to degrade
 */
function degrades(value = 'throw') {
  return check.oneOf(value, 'options.onUnavailable', ['throw', 'degrade']) === 'degrade'
}

const NOT_DONE = Symbol('not done')
const notDone = () => NOT_DONE

/** What stands in for an answer. */
const nothing = () => null
const nowhere = () => false
const none = () => 0
const unsaid = () => undefined

/** Answers for a pattern, in place of Redis where that is asked for. */
class Degrade {
  #counts
  #degrades

  /**
   * @param {unknown} onUnavailable the option
   * @param {{ degraded: number }} counts
   */
  constructor(onUnavailable, counts) {
    this.#degrades = degrades(onUnavailable)
    this.#counts = counts
  }

  /**
   * What Redis answers, or what stands in for it.
   * @template T
   * @param {Promise<T>} answer
   * @param {() => any} instead
   * @returns {Promise<T>}
   */
  or(answer, instead) {
    if (!this.#degrades) return answer
    return answer.catch((error) => {
      if (!isUnavailable(error)) throw error
      this.#counts.degraded++
      return instead()
    })
  }

  /**
   * Whether it was done.
   * @param {Promise<unknown>} work
   */
  async done(work) {
    return (await this.or(work, notDone)) !== NOT_DONE
  }
}

module.exports = { Degrade, nothing, nowhere, none, unsaid }
