'use strict'

const { OURS } = require('./contenders')

// What the project promises against ioredis 6 on the same server in the same run: ratios, the median over the rounds.

const ROWS = ['get', 'getJson']
const SIZE = 400
const MANY = { from: 64, to: 512 }

const PROMISES = [
  { what: 'main-thread time', metric: 'mainUs', most: { get: 1 / 3, getJson: 1 / 2 }, many: true },
  { what: 'throughput', metric: 'throughput', least: { get: 1.3, getJson: 1.3 }, many: true },
  { what: 'total CPU', metric: 'cpuUs', most: { get: 1, getJson: 1 }, many: true },
  { what: 'p50', metric: 'p50Us', most: { get: 1.3, getJson: 1.3 }, many: false },
]

/** Whether something is promised of a cell. */
function isPromised({ row, size, inflight }) {
  return ROWS.includes(row) && size === SIZE && (inflight === 1 || isMany(inflight))
}

function isMany(inflight) {
  return inflight >= MANY.from && inflight <= MANY.to
}

/** Every promise that this run can speak of, with what came out. */
function judge(cells) {
  const verdicts = []
  for (const cell of cells) {
    const ours = cell.contenders[OURS]
    if (!isPromised(cell) || !ours) continue
    for (const promise of PROMISES) {
      if (promise.many === isMany(cell.inflight)) verdicts.push(verdict(promise, cell, ours))
    }
  }
  return verdicts
}

function verdict({ what, metric, most, least }, { row, size, inflight }, ours) {
  const limit = (most ?? least)[row]
  const ratio = ours.ratio?.[metric] ?? null
  const held = ratio !== null && (most ? ratio.median <= limit : ratio.median >= limit)
  return { what, metric, row, size, inflight, ...(most ? { most: limit } : { least: limit }), ratio, held }
}

module.exports = { isPromised, judge }
