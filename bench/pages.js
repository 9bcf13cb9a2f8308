'use strict'

// One route of Express 5 with 2 KB of JSON, asked by wrk: pages that are stored, and pages that nobody has asked for before.
// Run:   node bench/pages.js [--quick]

const { randomUUID } = require('node:crypto')
const { contender, contenderNames } = require('./contenders')
const { runAlone } = require('./extras/alone')
const { judgePages } = require('./extras/page-promises')
const { extraTable } = require('./extras/table')
const { wrk } = require('./extras/wrk')
const { Racer } = require('./racer')
const { decimals, thousands } = require('./report/format')
const { median } = require('./stats')

const PROGRAM = 'extras/page-server.js'
const CELLS = [
  { name: 'stored', path: '/users/1', connections: 64 },
  { name: 'not stored, of a handler that does nothing', path: '/users/', connections: 64, others: true },
  { name: 'not stored, of a handler that waits for 5 ms', path: '/slow/', connections: 16, others: true },
]
const ROUNDS = { full: 5, quick: 1 }
const SECONDS = { full: 2, quick: 1 }
const HEAD = ['requests/s', 'p50 ms', 'p99 ms', 'main us', 'CPU us']

const who = () => contenderNames.filter((name) => contender(name).pages !== undefined)

async function run({ contenders, url, quick }) {
  // A contender that goes on from another has its pages, too.
  const whose = new Map(contenders.toReversed().flatMap((name) => contender(name).pages.map((what) => [what, name])))
  const all = [...whose].toReversed().map(([what, name]) => ({ name, what }))
  const found = Object.fromEntries(all.map(({ what }) => [what, { cells: {} }]))
  const racers = new Map()
  const bases = new Map()
  /** Who fails once is out. */
  const attempt = async (what, act) => {
    if (found[what].error) return
    await act().catch((error) => (found[what].error = error.message))
  }
  try {
    for (const { name, what } of all) {
      await attempt(what, async () => {
        const racer = new Racer(name, PROGRAM)
        racers.set(what, racer)
        bases.set(what, await racer.ask('open', { what, url }))
        await wrk(`${bases.get(what)}/users/1`, { connections: 64, seconds: 1 })
      })
    }
    for (const cell of CELLS) await runCell(cell, { racers, bases, found, attempt, quick })
  } finally {
    await Promise.all([...racers.values()].map((racer) => racer.stop()))
  }
  return { contenders: found }
}

/** In paired rounds: all contenders one after the other, in an order that rotates. */
async function runCell({ name, path, connections, others }, { racers, bases, found, attempt, quick }) {
  const names = [...racers.keys()]
  const size = quick ? 'quick' : 'full'
  for (let round = 0; round < ROUNDS[size]; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const what = names[(round + turn) % names.length]
      await attempt(what, async () => {
        const load = { connections, seconds: SECONDS[size], others: others ? `${randomUUID()}-` : undefined }
        await racers.get(what).ask('begin')
        const seen = await wrk(bases.get(what) + path, load)
        const { mainUs, cpuUs } = await racers.get(what).ask('end', { requests: seen.requests })
        const cell = (found[what].cells[name] ??= { rounds: [] })
        cell.rounds.push({ ...seen, mainUs, cpuUs })
      })
    }
  }
}

function lines({ contenders }) {
  const tables = CELLS.map(({ name }) => {
    const ofCell = Object.entries(contenders).map(([what, { error, cells }]) => [what, error ? { error } : cells[name]])
    return extraTable(`a page, ${name}`, HEAD, Object.fromEntries(ofCell), ({ rounds }) => {
      const over = (metric) => median(rounds.map((round) => round[metric]))
      return [thousands(over('throughput')), decimals(over('p50Ms')), decimals(over('p99Ms')), decimals(over('mainUs')), decimals(over('cpuUs'))]
    })
  })
  return tables.join('\n')
}

const judge = ({ contenders }) => judgePages(contenders, CELLS.map(({ name }) => name))

const seconds = (quick) => (quick ? 30 : 210)

module.exports = { name: 'pages', who, seconds, run, lines, judge }

if (require.main === module) runAlone(module.exports)
