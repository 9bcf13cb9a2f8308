'use strict'

// One cold key that a thousand callers in four processes ask for at once: how often is it loaded, and how long does the last of them wait?
// Run:   node bench/cold-key.js

const { OURS, contender, contenderNames } = require('./contenders')
const { runAlone } = require('./extras/alone')
const { extraTable } = require('./extras/table')
const { Racer } = require('./racer')
const { decimals } = require('./report/format')
const { median } = require('./stats')

const PROGRAM = 'extras/cold-caller.js'
const PROCESSES = 4
const CALLERS_EACH = 250
const LOAD_MS = 50
const ROUNDS = 5
/** Until all processes have their order; then they begin at the same instant. */
const LEAD_MS = 150

const title = `one cold key, ${PROCESSES * CALLERS_EACH} callers at once in ${PROCESSES} processes, a loader of ${LOAD_MS} ms`

const who = () => contenderNames.filter((name) => contender(name).cold !== undefined)

async function run({ contenders, url, quick }) {
  const found = {}
  for (const name of contenders) {
    found[name] = await race(name, url, quick ? 2 : ROUNDS).catch((error) => ({ error: error.message }))
  }
  return { contenders: found }
}

async function race(name, url, rounds) {
  const settings = { name, url, callers: CALLERS_EACH, loadMs: LOAD_MS }
  const started = await Promise.allSettled(Array.from({ length: PROCESSES }, () => Racer.start(name, settings, PROGRAM)))
  const racers = started.flatMap(({ value }) => value ?? [])
  try {
    const failed = started.find(({ status }) => status === 'rejected')
    if (failed) throw failed.reason
    const results = []
    for (let round = 0; round < rounds; round++) {
      const order = { key: `cold-${name}-${process.pid}-${round}`, at: Date.now() + LEAD_MS }
      const told = await Promise.all(racers.map((racer) => racer.ask('race', order)))
      results.push({ loads: sum(told, 'loads'), slowestMs: Math.max(...told.map(({ slowestMs }) => slowestMs)) })
    }
    return { rounds: results }
  } finally {
    await Promise.all(racers.map((racer) => racer.stop()))
  }
}

function sum(told, what) {
  return told.reduce((total, one) => total + one[what], 0)
}

function lines({ contenders }) {
  return extraTable(title, ['loads, round by round', 'slowest caller ms'], contenders, ({ rounds }) => [
    rounds.map(({ loads }) => loads).join(' '),
    decimals(median(rounds.map(({ slowestMs }) => slowestMs))),
  ])
}

function judge({ contenders }) {
  const ours = contenders[OURS]
  if (!ours) return []
  const most = ours.error ? null : Math.max(...ours.rounds.map(({ loads }) => loads))
  const said = `one cold key, ${PROCESSES} processes: ${most ?? '–'} loads at most in a round, promised exactly 1`
  return [{ row: 'coldKey', what: 'loads', most: 1, figure: most, said, held: most === 1 }]
}

module.exports = { name: 'coldKey', who, seconds: (quick) => (quick ? 8 : 20), run, lines, judge }

if (require.main === module) runAlone(module.exports)
