'use strict'

// Invalidations that Redis has not been told of. They count here from the moment they are owed.

/** So many tags are owed one by one; behind that everything is taken to be over. */
const MOST = 10_000

/** How long behind an invalidation what carries its tag is stale before it is over: `undefined` for not at all, `null` for ever. @typedef {number | null | undefined} StaleMs */
/** @typedef {{ staleMs: StaleMs, isSent: boolean }} Debt */

class Owed {
  /** @type {Map<string, Debt>} */
  #debts = new Map()
  /** Whether Redis is owed that everything is over. */
  isAll = false

  get isNone() {
    return this.#debts.size === 0 && !this.isAll
  }

  /**
   * @param {string} tag
   * @param {StaleMs} staleMs
   */
  add(tag, staleMs) {
    if (this.isAll) return
    const before = this.#debts.get(tag)
    // What is over stays so. One that is on its way may have been executed: what was made since is not meant by it.
    if (before !== undefined && !before.isSent && before.staleMs === undefined) return
    this.#debts.set(tag, { staleMs, isSent: false })
    if (this.#debts.size <= MOST) return
    this.isAll = true
    this.#debts.clear()
  }

  /**
   * What is to be told now, by how long it is stale.
   * @returns {Map<StaleMs, [tag: string, debt: Debt][]>}
   */
  send() {
    /** @type {Map<StaleMs, [tag: string, debt: Debt][]>} */
    const groups = new Map()
    for (const [tag, debt] of this.#debts) {
      debt.isSent = true
      const group = groups.get(debt.staleMs)
      if (group === undefined) groups.set(debt.staleMs, [[tag, debt]])
      else group.push([tag, debt])
    }
    return groups
  }

  /** @param {readonly [tag: string, debt: Debt][]} told */
  paid(told) {
    for (const [tag, debt] of told) if (this.#debts.get(tag) === debt) this.#debts.delete(tag)
  }

  /** @param {readonly string[]} tags */
  hasAny(tags) {
    return this.isAll || tags.some((tag) => this.#debts.has(tag))
  }

  /**
   * How an entry with these tags stands by what is owed.
   * @param {readonly string[]} tags
   * @returns {'fresh' | 'stale' | 'expired'}
   */
  standing(tags) {
    if (this.isAll) return 'expired'
    let isStale = false
    if (this.#debts.size > 0) {
      for (const tag of tags) {
        const debt = this.#debts.get(tag)
        if (debt === undefined) continue
        if (debt.staleMs === undefined) return 'expired'
        isStale = true
      }
    }
    return isStale ? 'stale' : 'fresh'
  }
}

module.exports = { Owed }
