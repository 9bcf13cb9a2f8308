'use strict'

// The process of `tags.js`. What the server took for each command is read from its slow log, whose threshold is set low enough to
// see the longest one that is still quick.

const assert = require('node:assert/strict')
const { performance } = require('node:perf_hooks')
const { CacheManager, Redis } = require('../..')
const { watchPauses } = require('../pauses')
const { serve } = require('../serve')

const TAG = 'everything'
const HOUR = 3_600
const INFLIGHT = 250
const LOGGED_US = 200
const LOG_LENGTH = 100_000

let redis
let cache
let keys
let mostUs

const keyOf = (i) => `entry-${String(i).padStart(14, '0')}`

serve({
  async open({ url, keys: count, mostUs: most }) {
    keys = count
    mostUs = most
    redis = await Redis.connect(url)
    cache = new CacheManager(redis)
  },

  async fill() {
    const begun = performance.now()
    for (let from = 0; from < keys; from += INFLIGHT) {
      const chunk = Array.from({ length: Math.min(INFLIGHT, keys - from) }, (_, n) => from + n)
      await Promise.all(chunk.map((i) => cache.cacheWithTags(keyOf(i), { id: i }, HOUR, [TAG])))
    }
    return { seconds: (performance.now() - begun) / 1_000 }
  },

  async invalidate() {
    await redis.command('CONFIG', 'SET', 'slowlog-max-len', LOG_LENGTH)
    await redis.command('CONFIG', 'SET', 'slowlog-log-slower-than', LOGGED_US)
    await redis.command('SLOWLOG', 'RESET')
    const pauses = watchPauses()
    const begun = performance.now()
    await cache.invalidateByTag(TAG)
    const ms = performance.now() - begun
    const pauseMs = pauses.longestMs()
    const log = await readLog()
    for (const i of [0, keys >> 1, keys - 1]) assert.equal(await cache.get(keyOf(i)), null, 'an invalidated key is still there')
    return { ms, pauseMs, ...log }
  },

  close: () => redis?.close(),
})

/** The longest command, and how many were too long. */
async function readLog() {
  const entries = await redis.command('SLOWLOG', 'GET', LOG_LENGTH)
  const all = entries.map(([, , us, [name]]) => ({ us: Number(us), name: String(name).toUpperCase() }))
  const slowest = all.reduce((most, one) => (one.us > most.us ? one : most), { us: 0, name: `none over ${LOGGED_US / 1_000} ms` })
  return { slowest, over: all.filter(({ us }) => us > mostUs).length }
}
