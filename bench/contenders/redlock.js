'use strict'

// redlock 4 over ioredis 6, on one server.

const ioredis = require('./ioredis')
const { TTL_MS, untilHeld } = require('./locks')

function redlockOf(redis, settings) {
  const Redlock = require('redlock')
  return new Redlock([redis], settings)
}

async function pair(redlock, resource) {
  const lock = await redlock.lock(resource, TTL_MS)
  await lock.unlock()
  return true
}

function waiter(settings) {
  return (redis) => {
    const redlock = redlockOf(redis, settings)
    const attempt = (resource) => () => redlock.lock(resource, TTL_MS)
    return async (resource) => {
      const lock = await untilHeld(attempt(resource), ({ name }) => name === 'LockError')
      return () => lock.unlock()
    }
  }
}

module.exports = {
  name: 'redlock',
  package: 'redlock',

  open: ioredis.open,
  close: ioredis.close,

  rows: {
    lock(redis, { keys }) {
      const redlock = redlockOf(redis)
      return { call: (i) => pair(redlock, `redlock:${keys[i]}`) }
    },
  },

  waiters: {
    redlock: waiter(),
    'redlock, every 2 ms': waiter({ retryDelay: 2, retryJitter: 1, retryCount: -1 }),
  },
}
