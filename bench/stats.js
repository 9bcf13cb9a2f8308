'use strict'

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function spread(numbers) {
  return { median: median(numbers), min: Math.min(...numbers), max: Math.max(...numbers) }
}

const METRICS = ['throughput', 'p50Us', 'p99Us', 'mainUs', 'mainCpuUs', 'cpuUs', 'rssMb']

/** The median of each metric over the rounds. */
function medians(rounds) {
  return Object.fromEntries(METRICS.map((metric) => [metric, over(rounds, metric) && median(over(rounds, metric))]))
}

/** Round by round, what a contender needed of what the baseline needed in the same round: median, min and max of each metric. */
function ratios(rounds, baselineRounds) {
  const ratio = (metric) => {
    const mine = over(rounds, metric)
    const theirs = over(baselineRounds, metric)
    return mine && theirs && spread(mine.map((value, round) => value / theirs[round]))
  }
  return Object.fromEntries(METRICS.map((metric) => [metric, ratio(metric)]))
}

/** `null` where a round failed or the machine does not tell. */
function over(rounds, metric) {
  const values = rounds.map((round) => round[metric] ?? null)
  return values.length === 0 || values.includes(null) ? null : values
}

module.exports = { median, medians, ratios, spread }
