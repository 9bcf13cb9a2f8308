'use strict'

// How many keys of a turn leave in one call. The server works on some while others are gathered, and answers while others wait: a call for all of them
// would have each side wait for the other. Those who are answered together ask again together, so portions go round as they are, and a small one costs
// nearly as much as a large one: all are as large as each other.

/** So many go in one: two halves cost more than they gain. */
const FEW = 32
/** The server is not held up for longer. */
const MOST = 64

class Portions {
  /** How many keys have left and are not answered. */
  #waiting = 0
  /** How many leave before another comes. */
  size = FEW

  /** @param {number} count */
  leave(count) {
    this.#waiting += count
  }

  /** @param {number} count */
  end(count) {
    this.#waiting -= count
  }

  endTurn() {
    const portions = Math.max(2, Math.ceil(this.#waiting / MOST))
    this.size = this.#waiting <= FEW ? FEW : Math.ceil(this.#waiting / portions)
  }
}

module.exports = { Portions }
