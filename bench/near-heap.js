'use strict'

// A million entries in memory: what they weigh, and how long the event loop stands still at most while they come in. Beside lru-cache, which
// holds them in the same process and knows of no server.
// Run:   node bench/near-heap.js [--quick]

const { runAlone } = require('./extras/alone')
const { extraTable } = require('./extras/table')
const { holders } = require('./extras/heap-holders')
const { Racer } = require('./racer')
const { decimals, thousands } = require('./report/format')
const { openServer } = require('./server')

const PROGRAM = 'extras/heap-filler.js'
const ENTRIES = { full: 1_000_000, quick: 50_000 }
const HEAD = ['heap MB', 'bytes an entry', 'resident MB', 'filled in s', 'longest pause ms', 'there']
const PATIENCE_MS = 300_000
const who = () => Object.keys(holders)
// A server forgets whose memory holds what beyond this many keys (a million by default), and tells the near cache to drop the rest.
const SERVER = ['--tracking-table-max-keys', '0']

async function run({ contenders, quick }) {
  const entries = quick ? ENTRIES.quick : ENTRIES.full
  // One of its own: the million keys are nobody else's business.
  const server = await openServer(undefined, SERVER)
  const found = {}
  try {
    for (const name of contenders) {
      found[name] = await fill(name, { url: server.url, entries }).catch((error) => ({ error: error.message }))
    }
  } finally {
    await server.stop()
  }
  return { entries, contenders: found }
}

async function fill(name, { url, entries }) {
  const racer = await Racer.start(name, { url, entries }, PROGRAM)
  try {
    await racer.ask('seed', {}, PATIENCE_MS)
    return await racer.ask('fill', {}, PATIENCE_MS)
  } finally {
    await racer.stop()
  }
}

function lines({ entries, contenders }) {
  const title = `${thousands(entries)} entries in memory, 20-byte keys, small values`
  const mb = (bytes) => decimals(bytes / 2 ** 20)
  return extraTable(title, HEAD, contenders, ({ heapBytes, rssBytes, seconds, pauseMs, thereShare }) => [
    mb(heapBytes),
    decimals(heapBytes / entries),
    mb(rssBytes),
    decimals(seconds),
    decimals(pauseMs),
    `${Math.floor(thereShare * 100)} %`,
  ])
}

const judge = () => []

module.exports = { name: 'nearHeap', who, seconds: (quick) => (quick ? 6 : 60), run, lines, judge }

if (require.main === module) runAlone(module.exports)
