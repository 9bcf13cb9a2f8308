'use strict'

// cache-manager over Keyv over @keyv/redis, which brings its own node-redis 5.

const { HOUR } = require('./common')
const { loader } = require('./loader')

module.exports = {
  name: 'cache-manager',
  package: 'cache-manager',
  data: 'cache-manager',

  async open(url) {
    const { createCache } = require('cache-manager')
    const { Keyv } = require('keyv')
    const { default: KeyvRedis } = require('@keyv/redis')
    const keyv = new Keyv({ store: new KeyvRedis(url), namespace: 'cache-manager', useKeyPrefix: false })
    return createCache({ stores: [keyv], ttl: HOUR * 1_000 })
  },
  close: (cache) => cache.disconnect(),

  storeRecord: (cache, key, record) => cache.set(key, record),

  rows: {
    getJson: (cache, { keys }) => ({ call: (i) => cache.get(keys[i]) }),
    miss: (cache, { keys }) => ({ call: (i) => cache.get(keys[i]) }),
    set: (cache, { keys, records }) => ({ call: (i) => cache.set(keys[i], records[i % records.length]) }),
    getOrSet: (cache, { keys }) => ({ call: (i) => cache.wrap(keys[i], loader) }),
    getMany: (cache, { batches }) => ({ call: (i) => cache.mget(batches[i % batches.length]) }),
  },

  cold: (cache, load) => (key) => cache.wrap(key, load),
}
