'use strict'

const { HOUR, parse, parseAll } = require('./common')

// Its default deadline of 250 ms is too short for hundreds of large batches in flight.
const REQUEST_TIMEOUT_MS = 5_000

module.exports = {
  name: 'valkey-glide',
  package: '@valkey/valkey-glide',
  data: 'plain',

  async open(url) {
    const { GlideClient, TimeUnit } = require('@valkey/valkey-glide')
    const { hostname, port, username, password } = new URL(url)
    const client = await GlideClient.createClient({
      addresses: [{ host: hostname, port: Number(port) }],
      ...(password && { credentials: { username: decodeURIComponent(username) || 'default', password: decodeURIComponent(password) } }),
      requestTimeout: REQUEST_TIMEOUT_MS,
    })
    return { client, life: { expiry: { type: TimeUnit.Seconds, count: HOUR } } }
  },
  close: ({ client }) => client.close(),

  storeString: ({ client, life }, key, text) => client.set(key, text, life),
  storeRecord: ({ client, life }, key, record) => client.set(key, JSON.stringify(record), life),

  rows: {
    get: ({ client }, { keys }) => ({ call: (i) => client.get(keys[i]) }),
    getJson: ({ client }, { keys }) => ({ call: (i) => client.get(keys[i]), decode: parse }),
    miss: ({ client }, { keys }) => ({ call: (i) => client.get(keys[i]), decode: parse }),
    set: ({ client, life }, { keys, records }) => ({
      call: (i) => client.set(keys[i], JSON.stringify(records[i % records.length]), life),
    }),
    getMany: ({ client }, { batches }) => ({ call: (i) => client.mget(batches[i % batches.length]), decode: parseAll }),
  },
}
