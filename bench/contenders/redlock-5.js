'use strict'

// The beta of redlock 5 over ioredis 6, on one server.

const ioredis = require('./ioredis')
const { TTL_MS, untilHeld } = require('./locks')

function redlockOf(redis, settings) {
  const { default: Redlock } = require('redlock5')
  return new Redlock([redis], settings)
}

async function pair(redlock, resource) {
  const lock = await redlock.acquire([resource], TTL_MS)
  await lock.release()
  return true
}

function waiter(settings) {
  return (redis) => {
    const redlock = redlockOf(redis, settings)
    const attempt = (resource) => () => redlock.acquire([resource], TTL_MS)
    return async (resource) => {
      const lock = await untilHeld(attempt(resource), ({ name }) => name === 'ExecutionError')
      return () => lock.release()
    }
  }
}

module.exports = {
  name: 'redlock-5',
  package: 'redlock5',

  open: ioredis.open,
  close: ioredis.close,

  rows: {
    lock(redis, { keys }) {
      const redlock = redlockOf(redis)
      return { call: (i) => pair(redlock, `redlock-5:${keys[i]}`) }
    },
  },

  waiters: {
    'redlock-5': waiter(),
    'redlock-5, every 2 ms': waiter({ retryDelay: 2, retryJitter: 1, retryCount: -1 }),
  },
}
