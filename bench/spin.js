'use strict'

const { performance } = require('node:perf_hooks')
const { setImmediate: nextTurn } = require('node:timers/promises')
const { between, figures, readClocks } = require('./clocks')
const { STRIDE } = require('./data')

// One window of hits in memory. They take less time than a reading of the clock, so it is read once a turn of some hundred of them, and
// there are no latencies. Every few milliseconds the event loop gets its chance, as it would in an application: what the network
// has to say about the entries arrives.

const TURN = 500
const HOLD_MS = 5

/**
 * @param {{ call: (i: number) => unknown, decode?: (reply: any) => unknown, right: (value: any, i: number) => boolean }} operation
 * @param {{ sync?: boolean, rampMs: number, windowMs: number, keyCount: number }} settings
 */
async function spin(operation, { sync = false, rampMs, windowMs, keyCount }) {
  const turn = sync ? syncTurn(operation, keyCount) : awaitedTurn(operation, keyCount)
  await turnsFor(rampMs, turn)
  const opened = readClocks()
  const turns = await turnsFor(windowMs, turn)
  return figures(turns * TURN, between(opened, readClocks()))
}

async function turnsFor(ms, turn) {
  const end = performance.now() + ms
  let turns = 0
  let held = performance.now()
  for (let now = held; now < end; now = performance.now()) {
    if (now - held > HOLD_MS) {
      await nextTurn()
      held = performance.now()
    }
    const given = turn()
    if (given !== undefined) await given
    turns++
  }
  return turns
}

function syncTurn({ call, right }, keyCount) {
  let cursor = 0
  return () => {
    for (let n = 0; n < TURN; n++) {
      cursor = (cursor + STRIDE) % keyCount
      if (!right(call(cursor), cursor)) throw wrongReply()
    }
  }
}

function awaitedTurn({ call, decode, right }, keyCount) {
  let cursor = 0
  return async () => {
    for (let n = 0; n < TURN; n++) {
      cursor = (cursor + STRIDE) % keyCount
      const reply = await call(cursor)
      if (!right(decode === undefined ? reply : decode(reply), cursor)) throw wrongReply()
    }
  }
}

function wrongReply() {
  return new Error('a reply was not the one asked for')
}

module.exports = { spin }
