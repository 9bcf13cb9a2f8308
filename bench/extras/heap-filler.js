'use strict'

// The process of one contender of `near-heap.js`. Heap is what is left after a collection, with the buffers outside of it that V8 knows of, since
// the cache was made.

const { performance } = require('node:perf_hooks')
const { setImmediate: nextTurn, setTimeout: sleep } = require('node:timers/promises')
const { watchPauses } = require('../pauses')
const { serve } = require('../serve')
const { holders } = require('./heap-holders')

// So many at a time, then the event loop has its turn.
const CHUNK = 500
const SAMPLES = 1_000
const SETTLE_MS = 500

let entries
let holder

const keyOf = (i) => `entry-${String(i).padStart(14, '0')}`
const textOf = (i) => `{"id":${i},"ok":true}`

function usage() {
  globalThis.gc()
  globalThis.gc()
  const { external, heapUsed, rss } = process.memoryUsage()
  return { heap: heapUsed + external, rss }
}

/** In chunks, with a turn of the event loop between them. */
async function inChunks(act) {
  for (let from = 0; from < entries; from += CHUNK) {
    await act(Array.from({ length: Math.min(CHUNK, entries - from) }, (_, n) => from + n))
    await nextTurn()
  }
}

serve({
  async open({ name, url, entries: count }) {
    entries = count
    holder = await holders[name]({ url, entries })
  },

  seed: () => inChunks((chunk) => holder.seed?.(chunk.map((i) => [keyOf(i), JSON.parse(textOf(i))]))),

  async fill() {
    const before = usage()
    holder.begin()
    const pauses = watchPauses()
    const begun = performance.now()
    await inChunks((chunk) => holder.fill(chunk, keyOf, textOf))
    const seconds = (performance.now() - begun) / 1_000
    const pauseMs = pauses.longestMs()
    await sleep(SETTLE_MS)
    const after = usage()
    return { heapBytes: after.heap - before.heap, rssBytes: after.rss - before.rss, seconds, pauseMs, thereShare: share() }
  },

  close: () => holder?.close(),
})

/** How many of them are in memory, by sample: a figure about entries that were dropped would be none. */
function share() {
  let there = 0
  for (let n = 0; n < SAMPLES; n++) {
    const i = Math.floor((n * entries) / SAMPLES)
    if (holder.peek(keyOf(i))?.id === i) there++
  }
  return there / SAMPLES
}
