'use strict'

const { medians, ratios } = require('./stats')

/**
 * One cell of the table: every contender measures the same row at the same load, one after the other, in an order that rotates with
 * each round, so that what slows the machine down for a while meets all of them.
 */
async function runCell({ row, size, inflight, baseline, racers, rounds, rampMs, windowMs }) {
  const results = Object.fromEntries(racers.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < racers.length; turn++) {
      const racer = racers[(round + turn) % racers.length]
      results[racer.name].push(await oneWindow(racer, { inflight, rampMs, windowMs }))
    }
  }
  return { row, size, inflight, baseline, contenders: summarise(results, baseline) }
}

async function oneWindow(racer, settings) {
  try {
    return await racer.ask('measure', settings)
  } catch (error) {
    return { error: error.message }
  }
}

function summarise(results, baseline) {
  const summary = {}
  for (const [name, rounds] of Object.entries(results)) {
    const error = rounds.find((round) => round.error)?.error
    summary[name] = {
      ...(error && { error }),
      median: medians(rounds),
      ratio: ratios(rounds, results[baseline] ?? []),
      rounds,
    }
  }
  return summary
}

module.exports = { runCell }
