'use strict'

// Ours with a near cache over Redis. Unlike the memory layers beside it, it is coherent: another process that writes the key
// empties it.

const { HOUR } = require('../common')
const { oneTag } = require('../tags')
const { ROOM } = require('./common')

const NEAR_LIFE_MS = 600_000

module.exports = {
  name: 'redwright',
  package: 'redwright',

  async open(url, row) {
    const { CacheManager, Redis, TypeSafeCache } = require('../../..')
    const redis = await Redis.connect(url)
    const near = { maxEntries: ROOM, ttlMs: NEAR_LIFE_MS, copy: row === 'nearClone' ? 'clone' : 'share' }
    const tagged = row.endsWith('Tagged')
    const cache = tagged ? new CacheManager(redis, { prefix: row, near }) : new TypeSafeCache(redis, { namespace: row, ttl: HOUR, near })
    return { redis, cache }
  },
  close: ({ redis }) => redis.close(),

  rows: {
    peek: plain((cache, key) => cache.peek(key)),
    peekTagged: tagged((cache, key) => cache.peek(key)),
    near: plain((cache, key) => cache.get(key)),
    nearTagged: tagged((cache, key) => cache.get(key)),
    nearClone: plain((cache, key) => cache.get(key)),
  },
}

function plain(read) {
  return ({ cache }, { keys, records }) => ({
    put: (i) => cache.set(keys[i], records[i]),
    warm: (i) => cache.get(keys[i]),
    call: (i) => read(cache, keys[i]),
  })
}

function tagged(read) {
  return ({ cache }, { keys, records }) => ({
    put: (i) => cache.cacheWithTags(keys[i], records[i], HOUR, oneTag(i)),
    warm: (i) => cache.get(keys[i]),
    call: (i) => read(cache, keys[i]),
  })
}
