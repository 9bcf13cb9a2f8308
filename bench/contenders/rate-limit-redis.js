'use strict'

// The store of express-rate-limit, rate-limit-redis, over ioredis 6: its `increment`, which is all that the middleware asks Redis for. What the
// middleware itself costs is left out, which favours it.

const ioredis = require('./ioredis')
const { NARROW, WIDE, hotKey } = require('./limits')

module.exports = {
  name: 'rate-limit-redis',
  package: 'rate-limit-redis',

  open: ioredis.open,
  close: ioredis.close,

  rows: {
    limit: (redis, { keys }) => asked(redis, WIDE, (i) => keys[i]),
    limitHot: (redis, { keys }) => asked(redis, NARROW, () => hotKey(keys)),
  },

  weigh: { 'rate-limit-redis': (redis, policy) => storeOf(redis, policy).increment },
}

function storeOf(redis, { seconds }) {
  const { RedisStore } = require('rate-limit-redis')
  const store = new RedisStore({ sendCommand: (...args) => redis.call(...args) })
  // It loads its scripts here, and every increment waits for that.
  store.init({ windowMs: seconds * 1_000 })
  return { increment: (key) => store.increment(key) }
}

function asked(redis, policy, keyOf) {
  const { increment } = storeOf(redis, policy)
  return { call: (i) => increment(keyOf(i)), decode: ({ totalHits }) => totalHits <= policy.limit }
}
