'use strict'

const { OURS } = require('../contenders')
const { ROWS } = require('../rows')
const { ratioWithRange, sizeName } = require('./format')
const { grid } = require('./grid')

const HEAD = ['', 'value', 'in flight', 'throughput ×', 'main thread ×', 'of its CPU ×', 'process CPU ×', 'p50 ×', 'p99 ×']

/** Ours against the baseline, one line a cell. */
function summary(cells) {
  const ours = cells.filter(({ contenders }) => contenders[OURS] && !contenders[OURS].error)
  if (ours.length === 0) return ''
  const lines = ours.map(({ row, size, inflight, baseline, contenders }) => {
    const { ratio } = contenders[OURS]
    return [
      `${ROWS[row].title}, against ${baseline}`,
      ROWS[row].bare ? '' : sizeName(size),
      String(inflight),
      ...['throughput', 'mainUs', 'mainCpuUs', 'cpuUs', 'p50Us', 'p99Us'].map((metric) => ratioWithRange(ratio[metric])),
    ]
  })
  return `Redwright, as ratios\n${grid([HEAD, ...lines])}\n`
}

module.exports = { summary }
