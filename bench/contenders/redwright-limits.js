'use strict'

// Ours in the rows of rate limits, by one algorithm. All who ask for the same in a turn are one step, so each asks for a key of its own, but in
// `limitHot`.

const { BOTH, NARROW, WIDE, hotKey } = require('./limits')

// A decision that takes longer would be made without Redis; here that is a failure.
const TIMEOUT_MS = 5_000

async function open(url) {
  const { RateLimiter, Redis } = require('../..')
  const redis = await Redis.connect(url)
  return { redis, limiter: new RateLimiter(redis, { prefix: 'bench', timeoutMs: TIMEOUT_MS }) }
}

/** Neither allowed nor refused where it was decided without Redis. */
function decode({ allowed, degraded }) {
  return degraded ? null : allowed
}

/** @param {(limiter: object, key: string, policy: { limit: number, seconds: number }) => Promise<object>} ask */
function limitRows(algorithm, ask) {
  const policies = BOTH.map(({ limit, seconds }) => ({ limit, period: seconds * 1_000, algorithm }))
  return {
    limit: ({ limiter }, { keys }) => ({ call: (i) => ask(limiter, keys[i], WIDE), decode }),
    limitHot: ({ limiter }, { keys }) => ({ call: () => ask(limiter, hotKey(keys), NARROW), decode }),
    limitMulti: ({ limiter }, { keys }) => ({ call: (i) => limiter.check(keys[i], policies), decode }),
  }
}

const ALGORITHMS = ['gcra', 'tokenBucket', 'fixedWindow', 'slidingWindow', 'slidingCounter']

/** Each algorithm as it is weighed. */
const weigh = Object.fromEntries(
  ALGORITHMS.map((algorithm) => [
    `redwright, ${algorithm}`,
    ({ limiter }, { limit, seconds }) => (key) => limiter.check(key, { limit, period: seconds * 1_000, algorithm }),
  ]),
)

const fixedRows = limitRows('fixedWindow', (limiter, key, { limit, seconds }) => limiter.fixedWindow(key, limit, seconds))
const gcraRows = limitRows('gcra', (limiter, key, { limit, seconds }) => limiter.gcra(key, { limit, period: seconds * 1_000 }))

module.exports = { fixedRows, gcraRows, open, weigh }
