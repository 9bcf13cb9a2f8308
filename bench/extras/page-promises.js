'use strict'

// What is promised of pages. Ratios are taken within a round.

const { ratioWithRange } = require('../report/format')
const { spread } = require('../stats')

const ROW = 'pages'
const NEAR = 'redwright, near'
const OURS = 'redwright'
const RIVALS = ['ioredis snippet', 'apicache', 'apicache over Redis']
const LEAST_HITS = 2
/** What a miss may cost: at most a tenth more than no cache. */
const LEAST_MISSES = 1 / 1.1

function judgePages(contenders, [stored, ...missed]) {
  const hits = RIVALS.flatMap((rival) => [
    besides(contenders, { cell: stored, ours: NEAR, rival, metric: 'throughput', what: 'requests/s', least: LEAST_HITS }),
    besides(contenders, { cell: stored, ours: NEAR, rival, metric: 'p99Ms', what: 'p99', most: 1 }),
  ])
  const misses = missed.map((cell) => besides(contenders, { cell, ours: OURS, rival: 'no cache', metric: 'throughput', what: 'requests/s', least: LEAST_MISSES }))
  return [...hits, ...misses].flat()
}

/** Nothing where there was nobody to compare with. */
function besides(contenders, { cell, ours, rival, metric, what, least, most }) {
  const [mine, theirs] = [contenders[ours], contenders[rival]]
  if (!mine || !theirs || theirs.error) return []
  const ratio = mine.error ? null : spread(mine.cells[cell].rounds.map((round, n) => round[metric] / theirs.cells[cell].rounds[n][metric]))
  const limit = most === undefined ? `at least ${least.toFixed(2)}` : `at most ${most.toFixed(2)}`
  const held = ratio !== null && (most === undefined ? ratio.median >= least : ratio.median <= most)
  return [{ row: ROW, what, against: rival, least, most, ratio, said: `a page, ${cell}: ${ours}, ${what} ${ratioWithRange(ratio)} of ${rival}, promised ${limit}`, held }]
}

module.exports = { judgePages }
