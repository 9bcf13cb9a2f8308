'use strict'

// What a rate limit costs the server in memory, for each key that is limited: by `MEMORY USAGE` of whatever holds the id.
// Run:   node bench/limit-memory.js

const { OURS, contender, contenderNames } = require('./contenders')
const { runAlone } = require('./extras/alone')
const { extraTable } = require('./extras/table')
const { Racer } = require('./racer')
const { decimals, thousands } = require('./report/format')
const { openServer } = require('./server')

const PROGRAM = 'extras/limit-weigher.js'
const IDS = 2_000
/** How many decisions each id has got when it is weighed. */
const DECISIONS = [1, 20]
/** A unit matters for long enough to be weighed. */
const POLICY = { limit: 100, seconds: 3_600 }
const MOST_BYTES = 100
const PROMISED = [`${OURS}, gcra`, `${OURS}, fixedWindow`]
const PATIENCE_MS = 60_000

const title = `memory of a rate limit, ${POLICY.limit} an hour, ${thousands(IDS)} ids of 20 bytes`

const who = () => contenderNames.filter((name) => contender(name).weigh !== undefined)

async function run({ contenders }) {
  const found = {}
  for (const name of contenders) {
    for (const what of Object.keys(contender(name).weigh)) {
      found[what] = await weigh(name, what).catch((error) => ({ error: error.message }))
    }
  }
  return { contenders: found }
}

/** On a server of its own. */
async function weigh(name, what) {
  const server = await openServer()
  try {
    const racer = await Racer.start(name, { url: server.url, what, ids: IDS, policy: POLICY }, PROGRAM)
    try {
      const found = []
      let decided = 0
      for (const decisions of DECISIONS) {
        found.push({ decisions, ...(await racer.ask('weigh', { more: decisions - decided }, PATIENCE_MS)) })
        decided = decisions
      }
      return { weights: found, ...(await racer.ask('look', {}, PATIENCE_MS)) }
    } finally {
      await racer.stop()
    }
  } finally {
    await server.stop()
  }
}

function lines({ contenders }) {
  const head = [...DECISIONS.map((decisions) => `bytes, ${decisions} decided`), 'keys an id', 'without TTL']
  return extraTable(title, head, contenders, ({ weights, keys, immortal }) => [
    ...weights.map(({ bytes }) => decimals(bytes)),
    decimals(keys),
    String(immortal),
  ])
}

function judge({ contenders }) {
  return PROMISED.filter((name) => contenders[name]).map((name) => {
    const { error, weights } = contenders[name]
    const figure = error ? null : Math.max(...weights.map(({ bytes }) => bytes))
    const said = `${name}: ${decimals(figure)} bytes a key, promised at most ${MOST_BYTES}`
    // No bytes at all were not found, rather than free.
    return { row: 'limitMemory', what: 'bytes a key', most: MOST_BYTES, figure, said, held: figure !== null && figure > 0 && figure <= MOST_BYTES }
  })
}

module.exports = { name: 'limitMemory', who, seconds: () => 15, run, lines, judge }

if (require.main === module) runAlone(module.exports)
