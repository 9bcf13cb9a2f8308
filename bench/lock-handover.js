'use strict'

// Twenty who want one lock: how often it goes from one to another, how long each waits for it, and what that asks of the server. Every peer with
// its own settings, and asking as often as helps it most.
// Run:   node bench/lock-handover.js [--quick]

const { contender, contenderNames } = require('./contenders')
const { runAlone } = require('./extras/alone')
const { CommandCounts } = require('./extras/command-counts')
const { LockCrew } = require('./extras/lock-crew')
const { judgeCell } = require('./extras/lock-promises')
const { extraTable } = require('./extras/table')
const { decimals, thousands } = require('./report/format')
const { openServer } = require('./server')
const { median } = require('./stats')

const WAITERS = 20
const PROCESSES = 4
const ONE = { waiters: WAITERS, thinkMs: 0, processes: 1 }
/**
 * `rivals` are whom more is promised against than that no two hold it together. Who holds it for 5 ms hands it over 200 times a second at most: there
 * those who ask very often come near to what can be, and cost the server what it shows.
 */
const CELLS = [
  { ...ONE, name: 'held for no time', holdMs: 0, rivals: 'all' },
  { ...ONE, name: 'held for 1 ms', holdMs: 1, rivals: 'as they come' },
  { ...ONE, name: 'held for 5 ms', holdMs: 5, rivals: 'as they come' },
  { ...ONE, name: 'held for 5 ms, 60 ms in between', holdMs: 5, thinkMs: 60 },
  { ...ONE, name: `held for 1 ms, in ${PROCESSES} processes`, holdMs: 1, processes: PROCESSES },
]
const QUICK_CELLS = 2
const ROUNDS = 3
const WINDOW_MS = { full: 1_000, quick: 500, counting: 300 }
const HEAD = ['hand-overs/s', 'acquired/s', 'wait p50 ms', 'p99 ms', 'idle ms', 'requests', 'commands', 'held together']

const who = () => contenderNames.filter((name) => contender(name).waiters !== undefined)

async function run({ contenders, quick }) {
  const all = contenders.flatMap((name) => Object.keys(contender(name).waiters).map((what) => ({ name, what })))
  const found = Object.fromEntries(all.map(({ what }) => [what, { cells: {} }]))
  // One of its own, where nobody else's commands count.
  const server = await openServer()
  const counts = await CommandCounts.open(server.url)
  const crews = new Map()
  /** Who fails once is out. */
  const attempt = async (what, act) => {
    if (found[what].error) return
    await act().catch((error) => (found[what].error = error.message))
  }
  try {
    for (const { name, what } of all) {
      await attempt(what, async () => crews.set(what, await LockCrew.start({ name, what, url: server.url, processes: PROCESSES })))
    }
    for (const cell of quick ? CELLS.slice(0, QUICK_CELLS) : CELLS) {
      for (const [what, figures] of await runCell(cell, { crews, counts, quick, attempt })) found[what].cells[cell.name] = figures
    }
  } finally {
    await Promise.all([...crews.values()].map((crew) => crew.stop()))
    await counts.close()
    await server.stop()
  }
  return { contenders: found }
}

/** In paired rounds: all contenders one after the other, in an order that rotates. */
async function runCell(cell, { crews, counts, quick, attempt }) {
  const figures = new Map([...crews.keys()].map((what) => [what, { rounds: [], sent: null }]))
  const names = [...crews.keys()]
  for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const what = names[(round + turn) % names.length]
      const windowMs = quick ? WINDOW_MS.quick : WINDOW_MS.full
      await attempt(what, async () => figures.get(what).rounds.push(await crews.get(what).measure({ ...cell, windowMs }, counts)))
    }
  }
  for (const what of names) {
    const counting = { ...cell, windowMs: WINDOW_MS.counting }
    await attempt(what, async () => (figures.get(what).sent = await crews.get(what).countSent(counting, counts)))
  }
  return figures
}

const measured = (contenders) => CELLS.filter(({ name }) => Object.values(contenders).some(({ cells }) => cells[name]))

function lines({ contenders }) {
  const tables = measured(contenders).map(({ name }) => {
    const ofCell = Object.entries(contenders).map(([what, { error, cells }]) => [what, error ? { error } : cells[name]])
    return extraTable(`one lock that ${WAITERS} want, ${name}`, HEAD, Object.fromEntries(ofCell), columns)
  })
  return tables.join('\n')
}

function columns({ rounds, sent }) {
  const over = (metric) => rounds.map((round) => round[metric])
  return [
    thousands(median(over('perSecond'))),
    thousands(median(over('acquisitionsPerSecond'))),
    decimals(median(over('p50Ms'))),
    decimals(median(over('p99Ms'))),
    decimals(median(over('idleMs'))),
    decimals(sent),
    decimals(median(over('executed'))),
    String(over('together').reduce((sum, count) => sum + count, 0)),
  ]
}

function judge({ contenders }) {
  return measured(contenders).flatMap((cell) => judgeCell(cell, contenders))
}

const seconds = (quick) => (quick ? 50 : 290)

module.exports = { name: 'lockHandover', who, seconds, run, lines, judge }

if (require.main === module) runAlone(module.exports)
