'use strict'

// The memory storage of async-cache-dedupe. Its references are its tags.

const { tagOf } = require('../tags')
const { LIFE_MS, ROOM } = require('./common')

const NAME = 'bench'

module.exports = {
  name: 'async-cache-dedupe',
  package: 'async-cache-dedupe',

  open(url, row) {
    const { createCache } = require('async-cache-dedupe')
    const invalidation = row === 'nearTagged'
    const values = new Map()
    const tags = new Map()
    const cache = createCache({ storage: { type: 'memory', options: { size: ROOM, invalidation } }, ttl: LIFE_MS / 1_000 })
    const options = { serialize: (key) => key, ...(invalidation && { references: (key) => [tags.get(key)] }) }
    cache.define(NAME, options, async (key) => values.get(key))
    return { values, tags, cache }
  },
  close() {},

  rows: { near: hits, nearTagged: hits },
}

function hits({ values, tags, cache }, { keys, records }) {
  return {
    put(i) {
      values.set(keys[i], records[i])
      tags.set(keys[i], tagOf(i))
    },
    call: (i) => cache[NAME](keys[i]),
  }
}
