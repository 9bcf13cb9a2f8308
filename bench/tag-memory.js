'use strict'

// What a tag costs the server in memory, for each key that has it: by the size of the tag's index, and by what the server has in use beyond
// the same entries without a tag.
// Run:   node bench/tag-memory.js

const { OURS } = require('./contenders')
const { runAlone } = require('./extras/alone')
const { extraTable } = require('./extras/table')
const { Racer } = require('./racer')
const { decimals, thousands } = require('./report/format')
const { openServer } = require('./server')

const PROGRAM = 'extras/tag-weigher.js'
const MEMBERS = 10_000
const MOST_BYTES = 160
const PATIENCE_MS = 60_000

const title = `memory of a tag with ${thousands(MEMBERS)} members, 20-byte keys`

async function run() {
  return { contenders: { [OURS]: await weigh().catch((error) => ({ error: error.message })) } }
}

/** On two servers of their own: one weighs the entries without a tag, the other with it. */
async function weigh() {
  const untagged = await ofOneServer({ tagged: false })
  const tagged = await ofOneServer({ tagged: true })
  return { indexBytes: tagged.indexBytes / MEMBERS, indexKeys: tagged.indexKeys, usedBytes: (tagged.used - untagged.used) / MEMBERS }
}

async function ofOneServer(settings) {
  const server = await openServer()
  try {
    const racer = await Racer.start(OURS, { url: server.url, members: MEMBERS }, PROGRAM)
    try {
      return await racer.ask('weigh', settings, PATIENCE_MS)
    } finally {
      await racer.stop()
    }
  } finally {
    await server.stop()
  }
}

function lines({ contenders }) {
  const head = ['index, bytes a member', 'keys of it', 'in use beyond untagged, bytes a member']
  return extraTable(title, head, contenders, ({ indexBytes, indexKeys, usedBytes }) => [decimals(indexBytes), String(indexKeys), decimals(usedBytes)])
}

function judge({ contenders }) {
  const ours = contenders[OURS]
  if (!ours) return []
  const figure = ours.error ? null : ours.indexBytes
  const said = `${title}: ${decimals(figure)} bytes a member, promised at most ${MOST_BYTES}`
  // An index of no bytes at all was not found, rather than free.
  return [{ row: 'tagMemory', what: 'bytes a member', most: MOST_BYTES, figure, said, held: figure !== null && figure > 0 && figure <= MOST_BYTES }]
}

const who = () => [OURS]

module.exports = { name: 'tagMemory', who, seconds: () => 4, run, lines, judge }

if (require.main === module) runAlone(module.exports)
