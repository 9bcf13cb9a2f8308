'use strict'

// Next.js answers all who ask for a page while somebody waits for it in one go, which costs it much less than one by one. From memory nobody would ever wait: so where a page is asked for often, its
// readers wait a moment for those who are about to ask.

const { setTimeout } = require('node:timers')
const { promisify } = require('node:util')

const sleep = promisify(setTimeout)

/** Whoever asks for a page so soon behind another waits for so long. */
const SOON_MS = 10
const MOMENT_MS = 1
/** So many pages are looked at; which are asked for often shows again soon. */
const MOST = 1000

class Together {
  /** @type {Map<string, number>} when a page was asked for last */
  #asked = new Map()

  /** @param {string} name */
  async wait(name) {
    const now = performance.now()
    const before = this.#asked.get(name)
    if (before === undefined && this.#asked.size >= MOST) this.#asked.clear()
    this.#asked.set(name, now)
    if (before !== undefined && now - before < SOON_MS) await sleep(MOMENT_MS)
  }
}

module.exports = { Together }
