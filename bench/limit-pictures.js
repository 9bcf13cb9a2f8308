'use strict'

// Draws what each algorithm of the rate limiter allows over time, into docs/images/: the same requests are sent to all of them at the same
// instants, over a real server, and what came back is drawn.
// Run:   node bench/limit-pictures.js

const { mkdirSync, writeFileSync } = require('node:fs')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { admission } = require('./report/admission')
const { openServer } = require('./server')

const FOLDER = path.join(__dirname, '..', 'docs', 'images')
const LIMIT = 10
const SPAN_MS = 4_300
const KEY = 'somebody'

const WAYS = [
  { name: 'fixedWindow', said: '10 a second', ask: (limiter) => limiter.fixedWindow(KEY, LIMIT, 1) },
  { name: 'slidingWindow', said: '10 a second', ask: (limiter) => limiter.slidingWindow(KEY, LIMIT, 1) },
  { name: 'slidingCounter', said: '10 a second', ask: (limiter) => limiter.check(KEY, { limit: LIMIT, period: '1s', algorithm: 'slidingCounter' }) },
  { name: 'gcra', said: '10 a second, burst 10', ask: (limiter) => limiter.gcra(KEY, { limit: LIMIT, period: '1s' }) },
  { name: 'tokenBucket', said: 'a bucket of 3, 10 tokens a second', ask: (limiter) => limiter.tokenBucket(KEY, 3, LIMIT) },
]

/** When requests come, in ms: one, then many at once near the end of its second, twice the limit for two seconds, and many at once after a rest. */
const DEMAND = [0, ...every(3, 14, 850), ...every(50, 40, 1_025), ...every(3, 15, 3_800)]

function every(ms, count, from) {
  return Array.from({ length: count }, (_, n) => from + n * ms)
}

async function main() {
  const { RateLimiter, Redis } = require('..')
  const server = await openServer()
  const redis = await Redis.connect(server.url)
  try {
    const limiter = new RateLimiter(redis, { prefix: 'pictures', timeoutMs: '1s' })
    // Scripts are loaded before it counts.
    await Promise.all(WAYS.map(({ ask }) => ask(limiter)))
    await limiter.reset(KEY)
    const asked = WAYS.map(() => [])
    const beginAt = performance.now() + (await untilWholeSecond(redis))
    for (const at of DEMAND) {
      await sleep(Math.max(0, Math.ceil(beginAt + at - performance.now())))
      const atMs = performance.now() - beginAt
      const results = await Promise.all(WAYS.map(({ ask }) => ask(limiter)))
      results.forEach(({ allowed, degraded }, i) => {
        if (degraded) throw new Error('a decision was made without Redis')
        asked[i].push({ atMs, allowed })
      })
    }
    mkdirSync(FOLDER, { recursive: true })
    WAYS.forEach(({ name, said }, i) => {
      const drawn = admission({ title: name, said, asked: asked[i], limit: LIMIT, spanMs: SPAN_MS, server: server.description })
      writeFileSync(path.join(FOLDER, `limit-${name}.svg`), drawn.svg)
      console.log(drawn.words)
    })
  } finally {
    await redis.close()
    await server.stop()
  }
}

/** In how many ms the server's clock shows a whole second: windows of the clock then begin where the picture does. */
async function untilWholeSecond(redis) {
  const [seconds, micros] = await redis.command('TIME')
  const ms = Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000)
  return 1_000 - (ms % 1_000) + 5
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
