'use strict'

const { setTimeout: pause } = require('node:timers/promises')

const STEP_MS = 5
const CAP_MS = 30_000

/**
 * Asks until there is an answer. The cap is there to name what hangs, and not to be reached.
 * @template T
 * @param {string} what
 * @param {() => Promise<T | undefined> | T | undefined} check
 * @returns {Promise<T>}
 */
async function until(what, check) {
  const deadline = Date.now() + CAP_MS
  for (;;) {
    const answer = await check()
    if (answer !== undefined) return answer
    if (Date.now() > deadline) throw new Error(`${what} took longer than ${CAP_MS / 1000} s`)
    await pause(STEP_MS)
  }
}

module.exports = { until }
