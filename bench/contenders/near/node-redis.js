'use strict'

// The client-side cache of node-redis: coherent as ours is, by the server's tracking. It keeps replies, so that what an application asks
// for must be parsed each time; hence it has no way to share a value.

const { HOUR, parse } = require('../common')
const { ROOM } = require('./common')

const LIFE = { expiration: { type: 'EX', value: HOUR } }

module.exports = {
  name: 'node-redis',
  package: 'redis',

  async open(url) {
    const client = require('redis').createClient({ url, RESP: 3, clientSideCache: { ttl: 0, maxEntries: ROOM, evictPolicy: 'LRU' } })
    client.on('error', () => {}) // a failed call rejects all the same
    return client.connect()
  },
  close: (client) => client.close(),

  rows: { near: hits, nearClone: hits },
}

function hits(client, { keys, records }) {
  return {
    put: (i) => client.set(`node-redis:${keys[i]}`, JSON.stringify(records[i]), LIFE),
    call: (i) => client.get(`node-redis:${keys[i]}`),
    decode: parse,
  }
}
