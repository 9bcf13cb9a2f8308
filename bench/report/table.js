'use strict'

const { contenderNames } = require('../contenders')
const { ROWS } = require('../rows')
const { decimals, ratioWithRange, sizeName, thousands } = require('./format')
const { grid } = require('./grid')

const HEAD = ['', 'ops/s', '×', 'main µs', '×', 'CPU µs', '×', 'p50 µs', '×', 'p99 µs', 'RSS MB']

const RESTLESS = 1.3

/** One cell: who did how much, and beside each figure its ratio to the baseline. */
function cellTable({ row, size, inflight, baseline, contenders }) {
  const load = ROWS[row].near ? 'one after the other' : `${inflight} in flight`
  const title = `${ROWS[row].title} · ${ROWS[row].bare ? '' : `${sizeName(size)} · `}${load}`
  const names = contenderNames.filter((name) => contenders[name])
  const fine = names.filter((name) => !contenders[name].error)
  const lines = fine.map((name) => figures(name, contenders[name], name === baseline))
  const broken = names.filter((name) => contenders[name].error).map((name) => `  ${name} failed: ${contenders[name].error}`)
  return [title + unrest(contenders[baseline]), grid([HEAD, ...lines]), ...broken, ''].join('\n')
}

/** A word of warning where the baseline itself was far from steady from round to round. */
function unrest(baseline) {
  const steady = (baseline?.rounds ?? []).map(({ throughput }) => throughput).filter(Boolean)
  const swing = steady.length > 1 ? Math.max(...steady) / Math.min(...steady) : 1
  return swing > RESTLESS ? `   (a restless machine: the baseline alone varied by a factor of ${swing.toFixed(1)} between rounds)` : ''
}

function figures(name, { median, ratio }, isBaseline) {
  const beside = (metric) => (isBaseline && median[metric] !== null ? '1' : ratioWithRange(ratio[metric]))
  return [
    name,
    thousands(median.throughput),
    beside('throughput'),
    decimals(median.mainUs),
    beside('mainUs'),
    decimals(median.cpuUs),
    beside('cpuUs'),
    decimals(median.p50Us),
    beside('p50Us'),
    decimals(median.p99Us),
    decimals(median.rssMb),
  ]
}

module.exports = { cellTable }
