'use strict'

const { OURS } = require('./contenders')
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
  const contenders = [...new Set(groups.flatMap(({ racers }) => racers))]
  const server = await openServer(options.url)
  const begun = Date.now()
  try {
    const run = { ...describeRun({ server: server.description, contenders }), settings: settingsOf(options), cells: [] }
    give(`${run.machine.cpu}, ${run.machine.cores} cores · Node ${run.node} · ${run.server}`)
    give(`about ${minutes(estimateSeconds(groups))}; ratios are the median (least to most) of ${options.rounds} rounds\n`)

    const seeded = new Set()
    for (const [n, group] of groups.entries()) {
      console.error(`${n + 1}/${groups.length}  ${minutes((Date.now() - begun) / 1_000)}`)
      const onCell = (cell) => {
        run.cells.push(cell)
        give(cellTable(cell))
      }
      await race(group, { url: server.url, text: options.text, seeded, onCell })
    }

    run.seconds = Math.round((Date.now() - begun) / 1_000)
    run.promises = judge(run.cells)
    for (const words of [summary(run.cells), failureLines(run.cells), verdictLines(run.promises)]) {
      if (words) give(words)
    }
    const files = writeResults(run, options.whole ? 'latest' : 'partial')
    give(`written to ${files.join(' and ')} after ${minutes(run.seconds)}`)
    return run.promises.every(({ held }) => held) && !run.cells.some(({ contenders }) => contenders[OURS]?.error)
  } finally {
    await server.stop()
  }
}

function settingsOf({ rows, sizes, inflight, rounds, text, quick }) {
  return { rows, sizes, inflight, rounds, text, quick }
}

module.exports = { tournament }
