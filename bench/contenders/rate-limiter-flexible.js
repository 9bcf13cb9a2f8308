'use strict'

// rate-limiter-flexible over ioredis 6, as its README has it. Its refusals are rejections, so an application must tell them from errors. In
// `limitHot` it answers for a key that it knows to be refused from memory, and two limits are its RateLimiterUnion.

const ioredis = require('./ioredis')
const { BOTH, NARROW, WIDE, hotKey } = require('./limits')

module.exports = {
  name: 'rate-limiter-flexible',
  package: 'rate-limiter-flexible',

  open: ioredis.open,
  close: ioredis.close,

  rows: {
    limit: (redis, { keys }) => asked(limiterOf(redis, WIDE), (i) => keys[i]),
    limitHot: (redis, { keys }) => asked(limiterOf(redis, NARROW, { inMemoryBlockOnConsumed: NARROW.limit + 1 }), () => hotKey(keys)),
    limitMulti: (redis, { keys }) => asked(unionOf(redis), (i) => keys[i]),
  },

  weigh: { 'rate-limiter-flexible': (redis, policy) => consumer(limiterOf(redis, policy)) },
}

function limiterOf(redis, { limit, seconds }, more) {
  const { RateLimiterRedis } = require('rate-limiter-flexible')
  return new RateLimiterRedis({ storeClient: redis, points: limit, duration: seconds, ...more })
}

function unionOf(redis) {
  const { RateLimiterUnion } = require('rate-limiter-flexible')
  return new RateLimiterUnion(...BOTH.map((policy) => limiterOf(redis, policy, { keyPrefix: `rlflx-${policy.seconds}` })))
}

function asked(limiter, keyOf) {
  const consume = consumer(limiter)
  return { call: (i) => consume(keyOf(i)) }
}

function consumer(limiter) {
  return (key) => limiter.consume(key).then(allowed, refused)
}

function allowed() {
  return true
}

function refused(reason) {
  if (reason instanceof Error) throw reason
  return false
}
