'use strict'

const { ROWS } = require('../rows')
const { ratioWithRange, sizeName, thousands } = require('./format')

/** One line a promise: held, or not held. A verdict of an extra has its words already (`said`). */
function verdictLines(verdicts) {
  if (verdicts.length === 0) return 'promises: none of their cells was measured\n'
  const lines = verdicts.map((verdict) => `  ${verdict.held ? 'held    ' : 'not held'}  ${verdict.said ?? words(verdict)}`)
  const broken = verdicts.filter(({ held }) => !held).length
  const head = broken === 0 ? 'promises: all held' : `promises: ${broken} of ${verdicts.length} not held`
  return [head, ...lines, ''].join('\n')
}

function words({ row, title, what, size, inflight, most, least, against, figure, ratio }) {
  const cell = `${title}, ${ROWS[row].bare ? '' : `${sizeName(size)}, `}${inflight} in flight`
  if (against === null) return `${cell}: ${what} ${figure ? thousands(figure.median) : '–'} a second, promised at least ${thousands(least)}`
  const limit = most === undefined ? `at least ${least.toFixed(2)}` : `at most ${most.toFixed(2)}`
  return `${cell}: ${what} ${ratioWithRange(ratio)} of ${against}, promised ${limit}`
}

module.exports = { verdictLines }
