'use strict'

const { OURS } = require('./contenders')
const { extra } = require('./extras')
const { describeRun } = require('./machine')
const { estimateSeconds, makePlan } = require('./plan')
const { judge } = require('./promises')
const { race } = require('./race')
const { cellTable } = require('./report/table')
const { failureLines } = require('./report/failures')
const { summary } = require('./report/summary')
const { verdictLines } = require('./report/verdicts')
const { writeResults } = require('./report/files')
const { minutes } = require('./report/format')
const { openServer } = require('./server')

/** The whole run. Tells whether every promise that it could judge was held, and no cell of ours failed. */
async function tournament(options, give) {
  const groups = makePlan(options)
  const extras = extrasOf(options)
  const contenders = [...new Set([...groups, ...extras].flatMap(({ racers }) => racers))]
  const server = await openServer(options.url)
  const begun = Date.now()
  try {
    const run = { ...describeRun({ server: server.description, contenders }), settings: settingsOf(options), cells: [], extras: [] }
    give(`${run.machine.cpu}, ${run.machine.cores} cores · Node ${run.node} · ${run.server}`)
    give(`about ${minutes(estimateSeconds(groups) + sum(extras, 'seconds'))}; ratios are the median (least to most) of ${options.rounds} rounds\n`)

    const seeded = new Set()
    for (const [n, group] of groups.entries()) {
      console.error(`${n + 1}/${groups.length}  ${minutes((Date.now() - begun) / 1_000)}`)
      const onCell = (cell) => {
        run.cells.push(cell)
        give(cellTable(cell))
      }
      await race(group, { url: server.url, text: options.text, seeded, onCell })
    }
    for (const { name, one, racers } of extras) {
      console.error(`${name}  ${minutes((Date.now() - begun) / 1_000)}`)
      const found = await one.run({ contenders: racers, url: server.url, quick: options.quick })
      run.extras.push({ name, ...found })
      give(one.lines(found))
    }

    run.seconds = Math.round((Date.now() - begun) / 1_000)
    run.promises = [...judge(run.cells), ...extras.flatMap(({ one }, n) => one.judge(run.extras[n]))]
    for (const words of [summary(run.cells), failureLines(run.cells, run.extras), verdictLines(run.promises)]) {
      if (words) give(words)
    }
    const files = writeResults(run, options.whole ? 'latest' : 'partial')
    give(`written to ${files.join(' and ')} after ${minutes(run.seconds)}`)
    return run.promises.every(({ held }) => held) && ![...run.cells, ...run.extras].some(oursFailed)
  } finally {
    await server.stop()
  }
}

function extrasOf({ extras, contenders, quick }) {
  return extras
    .map((name) => ({ name, one: extra(name), seconds: extra(name).seconds(quick), racers: extra(name).who().filter((who) => contenders.includes(who)) }))
    .filter(({ racers }) => racers.length > 0)
}

function oursFailed({ contenders }) {
  return Object.entries(contenders).some(([name, { error }]) => error && name.startsWith(OURS))
}

function sum(all, what) {
  return all.reduce((total, one) => total + one[what], 0)
}

function settingsOf({ rows, extras, sizes, inflight, rounds, text, quick }) {
  return { rows, extras, sizes, inflight: inflight ?? 'as each row has it', rounds, text, quick }
}

module.exports = { tournament }
