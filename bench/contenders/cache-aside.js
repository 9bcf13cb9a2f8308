'use strict'

// The snippet that most teams have, over ioredis 6: the baseline where a row needs a loader.

const { HOUR } = require('./common')
const ioredis = require('./ioredis')
const { loader } = require('./loader')

async function cacheAside(redis, key, load) {
  const hit = await redis.get(key)
  if (hit !== null) return JSON.parse(hit)
  const value = await load(key)
  await redis.set(key, JSON.stringify(value), 'EX', HOUR)
  return value
}

module.exports = {
  ...ioredis,
  name: 'cache-aside',
  rows: {
    getOrSet: (redis, { keys }) => ({ call: (i) => cacheAside(redis, keys[i], loader) }),
  },

  cold: (redis, load) => (key) => cacheAside(redis, key, load),
}
