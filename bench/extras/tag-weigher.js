'use strict'

// The process of `tag-memory.js`: entries with a tag or without, and what the server says of its memory.

const { Redis, TypeSafeCache } = require('../..')
const { serve } = require('../serve')

const PREFIX = 'weigh'
const TAG = 'everything'
const INFLIGHT = 250

let redis
let cache
let members

serve({
  async open({ url, members: count }) {
    members = count
    redis = await Redis.connect(url)
    cache = new TypeSafeCache(redis, { prefix: PREFIX, namespace: 'n', ttl: '1h' })
  },

  async weigh({ tagged }) {
    const options = tagged ? { tags: [TAG] } : undefined
    await cache.set('first', 1) // what the first command of its kind leaves behind is no entry's weight
    const before = await used()
    for (let from = 0; from < members; from += INFLIGHT) {
      const chunk = Array.from({ length: INFLIGHT }, (_, n) => `entry-${String(from + n).padStart(14, '0')}`)
      await Promise.all(chunk.map((key, n) => cache.set(key, { id: from + n }, options)))
    }
    const after = await used()
    return { used: after - before, ...(await index()) }
  },

  close: () => redis?.close(),
})

async function used() {
  const info = String(await redis.command('INFO', 'memory'))
  return Number(/^used_memory:(\d+)/m.exec(info)[1])
}

/** The size of whatever lies under the tags' own part of the prefix, every member counted. */
async function index() {
  const keys = []
  let cursor = '0'
  do {
    const [next, found] = await redis.command('SCAN', cursor, 'MATCH', `${PREFIX}:%tag:*`, 'COUNT', 1_000)
    keys.push(...found)
    cursor = String(next)
  } while (cursor !== '0')
  let indexBytes = 0
  for (const key of keys) indexBytes += Number(await redis.command('MEMORY', 'USAGE', key, 'SAMPLES', 0))
  return { indexBytes, indexKeys: keys.length }
}
