'use strict'

/** So many changes are remembered. What began before them is taken to know of nothing. */
const MOST = 1000

/** When this process knew of which invalidation, by its own clock: so an entry that says when its making began says what that knew of. */
class NumberLog {
  /** @type {{ at: number, number: number }[]} */
  #known = []

  get last() {
    return this.#known.at(-1)?.number ?? 0
  }

  /**
   * @param {number} number
   * @param {number} [at] ms since 1970
   */
  add(number, at = performance.timeOrigin + performance.now()) {
    if (number <= this.last) return
    this.#known.push({ at, number })
    if (this.#known.length > MOST) this.#known.shift()
  }

  /**
   * The last number that was known at a time; 0 for none.
   * @param {number} at ms since 1970
   */
  at(at) {
    for (let i = this.#known.length - 1; i >= 0; i--) if (this.#known[i].at <= at) return this.#known[i].number
    return 0
  }
}

module.exports = { NumberLog }
