'use strict'

const { HOUR, parse, parseAll } = require('./common')

const LIFE = { expiration: { type: 'EX', value: HOUR } }

module.exports = {
  name: 'node-redis',
  package: 'redis',
  data: 'plain',

  async open(url) {
    const client = require('redis').createClient({ url })
    client.on('error', () => {}) // without a listener it would throw; a failed call rejects all the same
    return client.connect()
  },
  close: (client) => client.close(),

  storeString: (client, key, text) => client.set(key, text, LIFE),
  storeRecord: (client, key, record) => client.set(key, JSON.stringify(record), LIFE),

  rows: {
    get: (client, { keys }) => ({ call: (i) => client.get(keys[i]) }),
    getJson: (client, { keys }) => ({ call: (i) => client.get(keys[i]), decode: parse }),
    miss: (client, { keys }) => ({ call: (i) => client.get(keys[i]), decode: parse }),
    set: (client, { keys, records }) => ({
      call: (i) => client.set(keys[i], JSON.stringify(records[i % records.length]), LIFE),
    }),
    getMany: (client, { batches }) => ({ call: (i) => client.mGet(batches[i % batches.length]), decode: parseAll }),
  },
}
