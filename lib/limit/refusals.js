'use strict'

// Keys that are known to be refused, in the memory of this thread. The words of `src/limit/shared.rs` say when to forget one.

const { told } = require('./results')

/** How long a refusal is taken on trust at most, as in `src/limit/refused.rs`. */
const TRUSTED_MS = 1000
const MOST = 10_000
/** A longer key is asked for each time: what is remembered must stay small. */
const LONGEST = 512

/**
 * What a caller was told who asked for `cost` units, `at` a time of this machine.
 * @typedef {{ cost: number, at: number, until: number, slot: number, generation: number, result: import('./results').Result }} Refusal
 */

class Refusals {
  #words

  /** @param {Uint32Array | null} words the generations of keys; without them nothing is remembered */
  constructor(words) {
    this.#words = words
  }

  /**
   * What a caller is told of a key that is known to be refused; `null` where it has to be asked for.
   * @param {import('./policies').PolicySet} set
   * @param {string} key
   * @param {number} cost
   */
  find({ refused }, key, cost) {
    const refusal = refused.get(key)
    if (refusal === undefined || refusal.cost !== cost) return null
    const now = performance.now()
    if (now < refusal.until && Atomics.load(/** @type {Uint32Array} */ (this.#words), refusal.slot) === refusal.generation) {
      return told(refusal.result, now - refusal.at)
    }
    refused.delete(key)
    return null
  }

  /**
   * @param {import('./policies').PolicySet} set
   * @param {string} key
   * @param {number} cost
   * @param {number} mark where the word of the key is, and its generation before the key was asked for
   * @param {import('./results').Result} result
   */
  learn({ refused }, key, cost, mark, result) {
    if (this.#words === null || key.length > LONGEST) return
    if (refused.size >= MOST) refused.delete(/** @type {string} */ (refused.keys().next().value))
    const at = performance.now()
    // What each policy says by itself holds no longer than it said.
    const spans = (result.policies ?? [result]).map(({ retryAfterMs }) => retryAfterMs)
    const until = at + Math.min(TRUSTED_MS, ...spans.filter((ms) => ms > 0))
    refused.set(key, { cost, at, until, slot: Math.floor(mark / 2 ** 32), generation: mark % 2 ** 32, result })
  }
}

module.exports = { Refusals }
