'use strict'

// lru-cache is no cache over Redis: it is what memory itself costs, for reference.

const { LIFE_MS, ROOM } = require('./common')

module.exports = {
  name: 'lru-cache',
  package: 'lru-cache',

  open() {
    const { LRUCache } = require('lru-cache')
    return new LRUCache({ max: ROOM, ttl: LIFE_MS })
  },
  close() {},

  rows: {
    peek: shared,
    near: shared,
    // What a team writes around it to be safe from changes to what is shared.
    nearClone: (lru, given) => ({ ...shared(lru, given), decode: structuredClone }),
  },
}

function shared(lru, { keys, records }) {
  return { put: (i) => lru.set(keys[i], records[i]), call: (i) => lru.get(keys[i]) }
}
