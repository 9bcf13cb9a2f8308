'use strict'

// layered-loader 14, the last one for Node 20, with its Redis layer alone, over ioredis 5.

const { HOUR } = require('./common')
const { loader } = require('./loader')

function loaderOver({ asyncCache }, load) {
  const { Loader } = require('layered-loader')
  return new Loader({ inMemoryCache: false, asyncCache, dataSourceGetOneFn: load })
}

module.exports = {
  name: 'layered-loader',
  package: 'layered-loader',
  data: 'layered-loader',

  async open(url) {
    const { RedisCache } = require('layered-loader')
    const { Redis } = require('ioredis')
    const redis = new Redis(url)
    await redis.ping()
    return { redis, asyncCache: new RedisCache(redis, { prefix: 'layered-loader', json: true, ttlInMsecs: HOUR * 1_000 }) }
  },
  close: ({ redis }) => redis.quit(),

  storeRecord: ({ asyncCache }, key, record) => asyncCache.set(key, record),

  rows: {
    getOrSet(client, { keys }) {
      const layered = loaderOver(client, loader)
      return { call: (i) => layered.get(keys[i]) }
    },
  },

  cold(client, load) {
    const layered = loaderOver(client, load)
    return (key) => layered.get(key)
  },
}
