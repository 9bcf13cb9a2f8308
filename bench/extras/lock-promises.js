'use strict'

const { OURS, contenderNames, isOurs } = require('../contenders')
const { decimals, ratioWithRange } = require('../report/format')
const { median, spread } = require('../stats')

// What is promised of a cell of `lockHandover`, beside whoever of the others hands over most often. Ratios are taken within a round.

const LEAST_HANDOVERS = 4
const MOST_P99 = 1 / 4
const MOST_SENT = 6
const ROW = 'lockHandover'

/** @param {{ name: string, rivals?: 'as they come' | 'all' }} cell */
function judgeCell({ name, rivals }, contenders) {
  const ours = contenders[OURS]
  if (!ours) return []
  if (ours.error) return [{ row: ROW, what: 'hand-overs', figure: null, said: `one lock, ${name}: it failed`, held: false }]
  const { rounds, sent } = ours.cells[name]
  const together = rounds.reduce((sum, round) => sum + round.together, 0)
  const alone = limited('held together', name, together, 0)
  if (rivals === undefined) return [alone]
  return [...besideBest(name, rounds, bestOf(name, contenders, rivals)), limited('commands sent for a hand-over', name, sent, MOST_SENT), alone]
}

/** Nothing where there was nobody to compare with. */
function besideBest(name, ours, best) {
  if (best === undefined) return []
  const ratio = (metric) => spread(ours.map((round, n) => round[metric] / best.rounds[n][metric]))
  const handovers = ratio('perSecond')
  const p99 = ratio('p99Ms')
  const said = (what, found, promised) => `one lock, ${name}: ${what} ${ratioWithRange(found)} of ${best.what}, promised ${promised}`
  return [
    {
      row: ROW,
      what: 'hand-overs',
      against: best.what,
      least: LEAST_HANDOVERS,
      ratio: handovers,
      said: said('hand-overs', handovers, `at least ${LEAST_HANDOVERS}`),
      held: handovers.median >= LEAST_HANDOVERS,
    },
    { row: ROW, what: 'p99', against: best.what, most: MOST_P99, ratio: p99, said: said('p99', p99, `at most ${MOST_P99}`), held: p99.median <= MOST_P99 },
  ]
}

function limited(what, name, figure, most) {
  const said = `one lock, ${name}: ${decimals(figure)} ${what}, promised at most ${most}`
  return { row: ROW, what, most, figure, said, held: figure !== null && figure <= most }
}

/** Who hands over most often, of all or of those who keep their own settings. */
function bestOf(name, contenders, rivals) {
  const competes = ([what, { error }]) => !error && !isOurs(what.split(',')[0]) && (rivals === 'all' || contenderNames.includes(what))
  const able = Object.entries(contenders).filter(competes).map(([what, { cells }]) => ({ what, rounds: cells[name].rounds }))
  const rate = ({ rounds }) => median(rounds.map(({ perSecond }) => perSecond))
  return able.sort((a, b) => rate(b) - rate(a))[0]
}

module.exports = { judgeCell }
