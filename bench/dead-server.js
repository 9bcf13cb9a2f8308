'use strict'

// What a call costs while the server is dead: without a circuit breaker, and with one.
// Run:   node bench/dead-server.js

const { performance } = require('node:perf_hooks')
const { CircuitBreaker, Redis, ResilientCache, TypeSafeCache } = require('..')
const { decimals } = require('./report/format')

const WINDOW_MS = 500
const ROUNDS = 5
/** Nobody listens there. */
const DEAD = { host: '127.0.0.1', port: 1 }

/** The median of a few rounds, in microseconds a call; one call after the other. */
async function measure(call) {
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) {
    let calls = 0
    const begun = performance.now()
    while (performance.now() - begun < WINDOW_MS) {
      for (let i = 0; i < 100; i++) await call()
      calls += 100
    }
    rounds.push(((performance.now() - begun) / calls) * 1000)
  }
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1]
}

async function main() {
  const without = new Redis({ ...DEAD, breaker: false })
  const begun = performance.now()
  await without.command('GET', 'a').catch(() => {})
  console.log(`without a breaker: ${decimals((performance.now() - begun) * 1000)} µs a call, which is its deadline`)
  await without.close()

  // Open for as long as this takes, so that no call is a probe.
  const redis = new Redis({ ...DEAD, breaker: { threshold: 1, openMs: '1h' } })
  await new TypeSafeCache(redis, { timeoutMs: 50 }).get('a').catch(() => {})
  const cache = new TypeSafeCache(redis)
  const degrading = new TypeSafeCache(redis, { onUnavailable: 'degrade' })
  const resilient = new ResilientCache(redis)
  const breaker = new CircuitBreaker({ threshold: 1, openMs: '1h' })
  await breaker.execute(() => Promise.reject(new Error('dead'))).catch(() => {})
  const calls = {
    "redis.command('GET', key), caught": () => redis.command('GET', 'a').catch(() => {}),
    'cache.get(key), caught': () => cache.get('a').catch(() => {}),
    "cache.get(key), onUnavailable: 'degrade'": () => degrading.get('a'),
    'resilient.get(key)': () => resilient.get('a'),
    'resilient.set(key, value)': () => resilient.set('a', 1),
    'cache.getOrSet(key, fetcher)': () => cache.getOrSet('a', () => 1),
    'breaker.execute(operation)': () => breaker.execute(() => 1),
  }
  for (const [name, call] of Object.entries(calls)) console.log(`${name.padEnd(42)} ${decimals(await measure(call)).padStart(6)} µs a call`)
  await redis.close()
}

main()
