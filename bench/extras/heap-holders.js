'use strict'

// What `near-heap.js` fills. `seed` puts entries on the server, `begin` makes the cache, `fill` brings them into memory as an application would, and
// `peek` looks into it.

const HOUR = 3_600
const ROOM_BYTES = 4 * 2 ** 30

async function redwright({ url, entries }) {
  const { Redis, TypeSafeCache } = require('../..')
  const redis = await Redis.connect(url)
  const named = { namespace: 'heap', ttl: HOUR }
  const far = new TypeSafeCache(redis, named)
  const near = { maxEntries: entries, maxBytes: ROOM_BYTES, ttlMs: HOUR * 1_000, copy: 'share' }
  let cache
  return {
    seed: (pairs) => far.setMany(pairs),
    begin: () => void (cache = new TypeSafeCache(redis, { ...named, near })),
    fill: (chunk, keyOf) => Promise.all(chunk.map((i) => cache.get(keyOf(i)))),
    peek: (key) => cache.peek(key),
    close: () => redis.close(),
  }
}

function lruCache({ entries }) {
  const { LRUCache } = require('lru-cache')
  let lru
  return {
    begin: () => void (lru = new LRUCache({ max: entries, ttl: HOUR * 1_000 })),
    fill(chunk, keyOf, textOf) {
      for (const i of chunk) lru.set(keyOf(i), JSON.parse(textOf(i)))
    },
    peek: (key) => lru.peek(key),
    close() {},
  }
}

module.exports = { holders: { redwright, 'lru-cache': lruCache } }
