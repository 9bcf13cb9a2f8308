'use strict'

// Which invalidations an entry knows of that is being made: those up to when its making began, and not to when it is stored.

/** So many entries are in the making at once, or were asked for and never made. */
const MOST = 10_000
/** A making that has taken longer is taken for none. */
const LONGEST_MS = 2 * 60_000

/** @typedef {{ number: number, asked: number, until: number }} Making */

class Makings {
  /** @type {Map<string, Making>} */
  #all = new Map()

  /**
   * Somebody makes an entry now.
   * @param {string} name
   * @param {number} number of the last invalidation that is known
   */
  begin(name, number) {
    const now = Date.now()
    const making = this.#all.get(name)
    if (making !== undefined && now < making.until) {
      // The earliest counts, whoever of them is done first.
      making.asked++
      return
    }
    this.#all.delete(name)
    if (this.#all.size >= MOST) this.#all.delete(/** @type {string} */ (this.#all.keys().next().value))
    this.#all.set(name, { number, asked: 1, until: now + LONGEST_MS })
  }

  /**
   * @param {string} name
   * @param {boolean} isOfAll whether one makes it for all who have asked, as Next.js has it with pages
   * @returns {number | undefined} with which number its making began
   */
  end(name, isOfAll) {
    const making = this.#all.get(name)
    if (making === undefined) return undefined
    if (isOfAll || --making.asked === 0) this.#all.delete(name)
    return Date.now() < making.until ? making.number : undefined
  }
}

module.exports = { Makings }
