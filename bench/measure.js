'use strict'

const { performance } = require('node:perf_hooks')
const { between, readClocks } = require('./clocks')
const { STRIDE } = require('./data')

// One window of one contender: N loops that each await one operation after the other, so that the number in flight is constant.
// The loops are already running when the window opens and still running when it closes. An operation costs the harness one
// reading of the clock (its end is the next one's beginning), one store into an array and the look at the reply.

const CAPACITY = 2 ** 20 // latencies kept; beyond it the oldest are overwritten
const latencies = new Float64Array(CAPACITY)

const RAMP = 0
const OPEN = 1
const OVER = 2

/**
 * @param {{ call: (i: number) => Promise<unknown>, decode?: (reply: any) => unknown, right: (value: any, i: number) => boolean }} operation
 * @param {{ inflight: number, rampMs: number, windowMs: number, keyCount: number }} settings
 */
async function measure(operation, { inflight, rampMs, windowMs, keyCount }) {
  const { call, decode, right } = operation
  let phase = RAMP
  let edge = performance.now() + rampMs
  let cursor = 0
  let done = 0
  let opened
  let closed

  function turn(now) {
    if (phase === RAMP) {
      phase = OPEN
      opened = readClocks()
      edge = now + windowMs
    } else if (phase === OPEN) {
      phase = OVER
      closed = readClocks()
    }
  }

  async function loop() {
    let begun = performance.now()
    for (;;) {
      cursor = (cursor + STRIDE) % keyCount
      const i = cursor
      const reply = await call(i)
      const value = decode === undefined ? reply : decode(reply)
      if (!right(value, i)) throw new Error('a reply was not the one asked for')
      const ended = performance.now()
      if (ended >= edge) turn(ended)
      if (phase === OPEN) latencies[done++ % CAPACITY] = ended - begun
      else if (phase === OVER) return
      begun = ended
    }
  }

  try {
    await Promise.all(Array.from({ length: inflight }, loop))
  } finally {
    phase = OVER // where one loop failed the others end with their next reply
  }
  return figures(done, between(opened, closed))
}

function figures(operations, { wallUs, loopUs, threadUs, processUs }) {
  const sorted = latencies.subarray(0, Math.min(operations, CAPACITY)).sort()
  const rank = (q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] * 1_000
  return {
    operations,
    seconds: wallUs / 1e6,
    throughput: operations / (wallUs / 1e6),
    p50Us: rank(0.5),
    p99Us: rank(0.99),
    mainUs: loopUs / operations,
    mainCpuUs: threadUs === null ? null : threadUs / operations,
    cpuUs: processUs / operations,
    rssMb: process.memoryUsage.rss() / 2 ** 20,
  }
}

module.exports = { measure }
