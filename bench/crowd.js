'use strict'

const { performance } = require('node:perf_hooks')
const { setImmediate: nextTurn } = require('node:timers/promises')
const { between, figures, readClocks } = require('./clocks')
const { STRIDE } = require('./data')

// One window of answers that may come from memory: N loops that each await one operation after the other, as in measure.js. Such answers settle
// without the event loop ever having its turn, and take less time than a reading of the clock. So it is read once in 64 of them, there are no
// latencies, and all loops together give the event loop its turn every 5 ms, as an application would.

const LOOKS = 64
const HOLD_MS = 5

/**
 * @param {{ call: (i: number) => Promise<unknown>, decode?: (reply: any) => unknown, right: (value: any, i: number) => boolean }} operation
 * @param {{ inflight: number, rampMs: number, windowMs: number, keyCount: number }} settings
 */
async function crowd({ call, decode, right }, { inflight, rampMs, windowMs, keyCount }) {
  let cursor = 0
  let done = 0
  let isOver = false
  /** The clocks and how much was done, when the window opened and when it closed. */
  let opened
  let closed
  let edge = performance.now() + rampMs
  let held = performance.now()
  /** @type {Promise<void> | undefined} while all wait for the event loop */
  let rest

  function look() {
    const now = performance.now()
    if (now >= edge) {
      if (opened === undefined) {
        opened = { clocks: readClocks(), done }
        edge = now + windowMs
      } else {
        closed = { clocks: readClocks(), done }
        isOver = true
      }
    }
    if (now - held > HOLD_MS) rest ??= turn()
  }

  async function turn() {
    await nextTurn()
    held = performance.now()
    rest = undefined
  }

  async function loop() {
    while (!isOver) {
      cursor = (cursor + STRIDE) % keyCount
      const i = cursor
      const reply = await call(i)
      if (!right(decode === undefined ? reply : decode(reply), i)) throw new Error('a reply was not the one asked for')
      if (++done % LOOKS === 0 && !isOver) look()
      if (rest !== undefined) await rest
    }
  }

  try {
    await Promise.all(Array.from({ length: inflight }, loop))
  } finally {
    isOver = true // where one loop failed the others end with their next reply
  }
  return figures(closed.done - opened.done, between(opened.clocks, closed.clocks))
}

module.exports = { crowd }
