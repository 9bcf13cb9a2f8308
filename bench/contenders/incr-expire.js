'use strict'

// The snippet that is published most often ("Rate limiter 2" in the documentation of INCR), over ioredis 6. It is the least that a limit can cost:
// one INCR, as long as the key is there. A process that dies between its two commands leaves a key that is refused for ever.

const ioredis = require('./ioredis')
const { BOTH, NARROW, WIDE, hotKey } = require('./limits')

async function isAllowed(redis, key, { limit, seconds }) {
  const count = await redis.incr(key)
  if (count === 1) await redis.expire(key, seconds)
  return count <= limit
}

async function areAllowed(redis, key) {
  const all = await Promise.all(BOTH.map((policy) => isAllowed(redis, `snippet:${policy.seconds}:${key}`, policy)))
  return all.every(Boolean)
}

module.exports = {
  ...ioredis,
  name: 'incr-expire',

  rows: {
    limit: (redis, { keys }) => ({ call: (i) => isAllowed(redis, `snippet:${keys[i]}`, WIDE) }),
    limitHot: (redis, { keys }) => ({ call: () => isAllowed(redis, `snippet:${hotKey(keys)}`, NARROW) }),
    limitMulti: (redis, { keys }) => ({ call: (i) => areAllowed(redis, keys[i]) }),
  },

  weigh: { 'incr-expire': (redis, policy) => (key) => isAllowed(redis, `snippet:${key}`, policy) },
}
