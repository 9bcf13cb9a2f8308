'use strict'

// The native counters under their names.

const { nodes } = require('./nodes')

/** The order of `src/redis/native.rs` and `src/redis/metrics.rs`; the buckets come behind. */
const NAMES = /** @type {const} */ ([
  'connections', 'connectFailures', 'watchdogTrips', 'pending', 'operations', 'succeeded', 'failed', 'timeouts', 'refused',
  'cancelled', 'maxUs',
])

/** As in `src/redis/metrics.rs`. */
const BUCKETS = 32

/**
 * @param {import('../binding').NativeRedis | null} native
 * @returns {import('../index').Metrics}
 */
function metrics(native) {
  const numbers = native?.metrics() ?? []
  const { maxUs, ...counters } = /** @type {Record<typeof NAMES[number], number>} */ (
    Object.fromEntries(NAMES.map((name, i) => [name, numbers[i] ?? 0]))
  )
  const buckets = numbers.length > 0 ? numbers.slice(NAMES.length) : Array(BUCKETS).fill(0)
  const count = buckets.reduce((sum, n) => sum + n, 0)
  return {
    ...counters,
    nodes: nodes(native?.nodes() ?? []),
    breaker: breaker(native),
    latency: { count, p50Us: quantile(buckets, count * 0.5, maxUs), p99Us: quantile(buckets, count * 0.99, maxUs), maxUs, buckets },
  }
}

/**
 * @param {import('../binding').NativeRedis | null} native
 * @returns {import('../index').Metrics['breaker']}
 */
function breaker(native) {
  if (native === null) return { state: 'closed', opened: 0, rejected: 0 }
  const [opened, rejected] = native.breakerCounts()
  return { state: /** @type {import('../index').CircuitBreakerState} */ (native.breakerState()), opened, rejected }
}

/**
 * The upper bound of the bucket that holds the `rank`th of them all.
 * @param {number[]} buckets
 * @param {number} rank
 * @param {number} maxUs
 */
function quantile(buckets, rank, maxUs) {
  let seen = 0
  for (let i = 0; i < buckets.length; i++) {
    seen += buckets[i]
    if (seen >= rank && seen > 0) return Math.min(2 ** i, maxUs)
  }
  return 0
}

module.exports = { metrics }
