'use strict'

const { OURS, isOurs } = require('./contenders')
const { ROWS } = require('./rows')
const { ratios, spread } = require('./stats')

// What the project promises. A promise is about the median over the rounds: of a ratio to the row's baseline or to the best rival
// (whoever of the others did the most), taken within each round, or of our figure itself (`absolute`).

const MANY = (load) => load >= 64 && load <= 512
const ONE = (load) => load === 1
const AT_64 = (load) => load === 64
const AT_100 = (load) => load === 100
const ALONE_AND_AT_64 = (load) => load === 1 || load === 64

/** What tags may cost: a set with one tag is at most this much slower than one without. */
const TAG_COST = 1.3

const PROMISES = [
  { rows: ['get'], loads: MANY, what: 'main-thread time', metric: 'mainUs', most: 1 / 3 },
  { rows: ['getJson'], loads: MANY, what: 'main-thread time', metric: 'mainUs', most: 1 / 2 },
  { rows: ['get', 'getJson'], loads: MANY, what: 'throughput', metric: 'throughput', least: 1.3 },
  { rows: ['get', 'getJson'], loads: MANY, what: 'total CPU', metric: 'cpuUs', most: 1 },
  { rows: ['get', 'getJson'], loads: ONE, what: 'p50', metric: 'p50Us', most: 1.3 },
  { rows: ['getOrSet'], loads: AT_64, what: 'throughput', metric: 'throughput', least: 1.5, against: 'best' },
  { rows: ['getOrSet'], loads: AT_64, what: 'main-thread time', metric: 'mainUs', most: 1 / 3, against: 'best' },
  { rows: ['setTagged'], loads: ALONE_AND_AT_64, what: 'throughput', metric: 'throughput', least: 1 / TAG_COST },
  { rows: ['limit'], loads: AT_64, what: 'throughput', metric: 'throughput', least: 2, against: 'best' },
  { rows: ['limit'], loads: AT_64, what: 'main-thread time', metric: 'mainUs', most: 1 / 3, against: 'best' },
  { rows: ['limitHot'], loads: AT_64, what: 'throughput', metric: 'throughput', least: 5, against: 'best' },
  { rows: ['lock'], loads: AT_100, what: 'main-thread time', metric: 'mainUs', most: 1 / 2 },
  { rows: ['lock'], loads: AT_100, what: 'throughput', metric: 'throughput', least: 1.3, against: 'best' },
  { rows: ['peek', 'peekTagged'], loads: ONE, what: 'throughput', metric: 'throughput', least: 5e6, against: 'absolute' },
  { rows: ['near', 'nearTagged'], loads: ONE, what: 'throughput', metric: 'throughput', least: 2e6, against: 'absolute' },
  { rows: ['nearClone'], loads: ONE, what: 'throughput', metric: 'throughput', least: 4 },
]
const SIZE = 400

function promisesOf({ row, size, inflight }) {
  return size === SIZE ? PROMISES.filter(({ rows, loads }) => rows.includes(row) && loads(inflight)) : []
}

/** Whether something is promised of a cell. */
function isPromised(cell) {
  return promisesOf(cell).length > 0
}

/** Every promise that this run can speak of, with what came out. */
function judge(cells) {
  return cells.filter(({ contenders }) => contenders[OURS]).flatMap((cell) => promisesOf(cell).flatMap((promise) => verdict(promise, cell)))
}

/** Nothing where there was nobody to compare with. */
function verdict({ what, metric, most, least, against = 'baseline' }, cell) {
  const { row, size, inflight, baseline, contenders } = cell
  const ours = contenders[OURS]
  const other = { baseline: () => baseline, best: () => bestRival(cell), absolute: () => null }[against]()
  if (other === undefined || (other !== null && !contenders[other])) return []
  const figure = ours.error ? null : other === null ? absolute(ours.rounds, metric) : ratios(ours.rounds, contenders[other].rounds)[metric]
  const held = figure !== null && (most === undefined ? figure.median >= least : figure.median <= most)
  const limit = most === undefined ? { least } : { most }
  return [{ what, metric, row, size, inflight, title: ROWS[row].title, against: other, ...limit, ...(other === null ? { figure } : { ratio: figure }), held }]
}

function absolute(rounds, metric) {
  return rounds.length === 0 ? null : spread(rounds.map((round) => round[metric]))
}

/** Who of the others did the most. The baseline is no rival where it is there to measure by. */
function bestRival({ row, baseline, contenders }) {
  const competes = (name) => !isOurs(name) && (name !== baseline || ROWS[row].baselineCompetes)
  const rivals = Object.entries(contenders).filter(([name, { error }]) => competes(name) && !error)
  return rivals.sort(([, a], [, b]) => b.median.throughput - a.median.throughput)[0]?.[0]
}

module.exports = { isPromised, judge }
