'use strict'

/** Each read counts for so much of what is expected of the next. */
const WEIGHT = 1 / 16
const MOSTLY = 0.5

/** Whether a cache's next read is likely to find nothing, by those before it: an average in which the latest count most. */
class Expectation {
  #missed = 0

  /** @param {boolean} isMiss */
  saw(isMiss) {
    this.#missed += ((isMiss ? 1 : 0) - this.#missed) * WEIGHT
  }

  get isMiss() {
    return this.#missed > MOSTLY
  }
}

module.exports = { Expectation }
