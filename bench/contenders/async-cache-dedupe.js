'use strict'

// async-cache-dedupe with its Redis storage, over ioredis 5. What it calls a cached function is given its loader once.

const { HOUR } = require('./common')
const { loader } = require('./loader')

const NAME = 'bench'

function define(storage, load) {
  const { createCache } = require('async-cache-dedupe')
  const cache = createCache({ storage, ttl: HOUR })
  // Its keys are made by a stable JSON writer where nobody says how; a string is its own key.
  return cache.define(NAME, { serialize: (key) => key }, load)
}

module.exports = {
  name: 'async-cache-dedupe',
  package: 'async-cache-dedupe',
  data: 'async-cache-dedupe',

  async open(url) {
    const { Redis } = require('ioredis')
    const client = new Redis(url)
    await client.ping()
    const storage = { type: 'redis', options: { client } }
    return { client, storage, hits: define(storage, loader) }
  },
  close: ({ client }) => client.quit(),

  storeRecord: ({ hits }, key, record) => hits.set(NAME, `${NAME}~${key}`, record, HOUR),

  rows: {
    getOrSet: ({ hits }, { keys }) => ({ call: (i) => hits[NAME](keys[i]) }),
  },

  cold: ({ storage }, load) => define(storage, load)[NAME],
}
