'use strict'

// redlock-universal over ioredis 6, on one server. A lock of it belongs to one resource: all are made beforehand, which favours it. (It asks for
// Node 22 and runs on 20.)

const ioredis = require('./ioredis')
const { TTL_MS, untilHeld } = require('./locks')

function lockMaker(redis, settings) {
  const { IoredisAdapter, createLock } = require('redlock-universal')
  const adapter = new IoredisAdapter(redis)
  return (key) => createLock({ adapter, key, ttl: TTL_MS, ...settings })
}

async function pair(lock) {
  return lock.release(await lock.acquire())
}

/** @param {object} [settings] the row's own mode */
function lockRow(settings) {
  return (redis, { keys }) => {
    const locks = keys.map((key) => `universal:${key}`).map(lockMaker(redis, settings))
    return { call: (i) => pair(locks[i]) }
  }
}

/** A lock of each waiter. */
function waiter(settings) {
  return (redis) => {
    const make = lockMaker(redis, settings)
    return async (resource) => {
      const lock = make(resource)
      const handle = await untilHeld(() => lock.acquire(), isBusy)
      return () => lock.release(handle)
    }
  }
}

function isBusy({ code, message }) {
  return code === 'LOCK_ACQUISITION_FAILED' && message.endsWith('already held')
}

module.exports = {
  name: 'redlock-universal',
  package: 'redlock-universal',

  open: ioredis.open,
  close: ioredis.close,

  rows: { lock: lockRow() },
  lockRow,

  waiters: {
    'redlock-universal': waiter(),
    'redlock-universal, every 1 ms': waiter({ performance: 'lean', retryDelay: 1, retryAttempts: 1_000_000 }),
  },
}
