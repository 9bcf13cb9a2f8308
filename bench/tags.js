'use strict'

// A tag with very many keys is invalidated: how long it takes, how long the event loop stands still at most, and how long the server serves
// nobody else because of one command of it.
// Run:   node bench/tags.js [--quick]

const { OURS } = require('./contenders')
const { runAlone } = require('./extras/alone')
const { extraTable } = require('./extras/table')
const { Racer } = require('./racer')
const { decimals, thousands } = require('./report/format')
const { openServer } = require('./server')

const PROGRAM = 'extras/tag-invalidator.js'
const SIZES = { full: [100_000, 1_000_000], quick: [20_000] }
/** The number of keys that something is promised of. */
const PROMISED = 100_000
/** How long a command of it may keep the server from others. */
const MOST_COMMAND_US = 5_000
const PATIENCE_MS = 300_000
const HEAD = ['tagged in s', 'invalidated in ms', 'longest pause ms', 'longest command ms', 'which', `commands over ${MOST_COMMAND_US / 1_000} ms`]

async function run({ quick }) {
  const found = {}
  for (const keys of quick ? SIZES.quick : SIZES.full) {
    found[`${OURS}, ${thousands(keys)} keys`] = await invalidate(keys).then(
      (result) => ({ keys, ...result }),
      (error) => ({ keys, error: error.message }),
    )
  }
  return { contenders: found }
}

/** On a server of its own, since the server's settings are changed for it. */
async function invalidate(keys) {
  const server = await openServer()
  try {
    const racer = await Racer.start(OURS, { url: server.url, keys, mostUs: MOST_COMMAND_US }, PROGRAM)
    try {
      const { seconds } = await racer.ask('fill', {}, PATIENCE_MS)
      return { fillSeconds: seconds, ...(await racer.ask('invalidate', {}, PATIENCE_MS)) }
    } finally {
      await racer.stop()
    }
  } finally {
    await server.stop()
  }
}

function lines({ contenders }) {
  return extraTable('invalidateByTag of one tag', HEAD, contenders, ({ fillSeconds, ms, pauseMs, slowest, over }) => [
    decimals(fillSeconds),
    decimals(ms),
    decimals(pauseMs),
    decimals(slowest.us / 1_000),
    slowest.name,
    String(over),
  ])
}

function judge({ contenders }) {
  const promised = Object.values(contenders).find(({ keys }) => keys === PROMISED)
  if (!promised) return []
  const over = promised.error ? null : promised.over
  const said = `invalidateByTag of ${thousands(PROMISED)} keys: ${over ?? '–'} commands over ${MOST_COMMAND_US / 1_000} ms on the server, promised none`
  return [{ row: 'tags', what: 'long commands', most: 0, figure: over, said, held: over === 0 }]
}

const who = () => [OURS]

module.exports = { name: 'tags', who, seconds: (quick) => (quick ? 3 : 40), run, lines, judge }

if (require.main === module) runAlone(module.exports)
