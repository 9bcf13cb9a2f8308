'use strict'

const { ROWS } = require('../rows')
const { ratioWithRange, sizeName } = require('./format')

/** One line a promise: held, or not held. */
function verdictLines(verdicts) {
  if (verdicts.length === 0) return 'promises: none of their cells was measured\n'
  const lines = verdicts.map(({ held, what, row, size, inflight, most, least, ratio }) => {
    const limit = most === undefined ? `at least ${least.toFixed(2)}` : `at most ${most.toFixed(2)}`
    const cell = `${ROWS[row].title}, ${sizeName(size)}, ${inflight} in flight`
    return `  ${held ? 'held    ' : 'not held'}  ${cell}: ${what} ${ratioWithRange(ratio)}, promised ${limit}`
  })
  const broken = verdicts.filter(({ held }) => !held).length
  const head = broken === 0 ? 'promises against ioredis: all held' : `promises against ioredis: ${broken} of ${verdicts.length} not held`
  return [head, ...lines, ''].join('\n')
}

module.exports = { verdictLines }
