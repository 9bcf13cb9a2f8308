'use strict'

// Ours where locks are taken.

const { TTL_MS } = require('./locks')

/** Longer than anybody waits here. */
const WAIT_MS = 30_000

async function open(url) {
  const { DistributedLock, Redis } = require('../..')
  const redis = await Redis.connect(url)
  return { redis, locks: new DistributedLock(redis) }
}

async function pair(locks, resource) {
  const lock = await locks.acquire(resource, TTL_MS)
  return lock !== null && (await lock.release()) === 'released'
}

function waiter(settings) {
  return ({ locks }) => async (resource) => {
    const lock = await locks.acquire(resource, TTL_MS, { waitMs: WAIT_MS, ...settings })
    if (lock === null) throw new Error('the wait was over before the lock was free')
    return async () => {
      const how = await lock.release()
      if (how !== 'released') throw new Error(`the lock was ${how} before it was released`)
    }
  }
}

const lockRows = {
  lock: ({ locks }, { keys }) => ({ call: (i) => pair(locks, keys[i]) }),
}

const waiters = {
  redwright: waiter(),
  'redwright, fair': waiter({ fair: true }),
}

module.exports = { lockRows, open, waiters }
