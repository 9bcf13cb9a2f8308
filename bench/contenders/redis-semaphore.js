'use strict'

// The Mutex of redis-semaphore over ioredis 6: one for each acquisition, as its README has it.

const ioredis = require('./ioredis')
const { TTL_MS, untilHeld } = require('./locks')

function mutexOf(redis, key, settings) {
  const { Mutex } = require('redis-semaphore')
  return new Mutex(redis, key, { lockTimeout: TTL_MS, ...settings })
}

async function pair(redis, key) {
  const mutex = mutexOf(redis, key)
  await mutex.acquire()
  await mutex.release()
  return true
}

function waiter(settings) {
  return (redis) => async (resource) => {
    const mutex = mutexOf(redis, resource, settings)
    await untilHeld(() => mutex.acquire(), ({ message }) => message.endsWith('timeout'))
    return () => mutex.release()
  }
}

module.exports = {
  name: 'redis-semaphore',
  package: 'redis-semaphore',

  open: ioredis.open,
  close: ioredis.close,

  rows: {
    lock: (redis, { keys }) => ({ call: (i) => pair(redis, keys[i]) }),
  },

  waiters: {
    'redis-semaphore': waiter(),
    'redis-semaphore, every 1 ms': waiter({ retryInterval: 1 }),
  },
}
