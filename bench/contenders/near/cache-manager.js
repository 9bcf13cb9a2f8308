'use strict'

// cache-manager over a Keyv in memory, which keeps JSON text by default; where the row shares values it may do so too.

const { LIFE_MS } = require('./common')

module.exports = {
  name: 'cache-manager',
  package: 'cache-manager',

  open(url, row) {
    const { createCache } = require('cache-manager')
    const { Keyv } = require('keyv')
    const keyv = new Keyv(row === 'nearClone' ? {} : { serialize: undefined, deserialize: undefined })
    return createCache({ stores: [keyv], ttl: LIFE_MS })
  },
  close: (cache) => cache.disconnect(),

  rows: { near: hits, nearClone: hits },
}

function hits(cache, { keys, records }) {
  return { put: (i) => cache.set(keys[i], records[i]), call: (i) => cache.get(keys[i]) }
}
