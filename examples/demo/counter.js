'use strict'

// One of the two processes that count (`census.js` starts it): adds one place after the other to a record that both keep, each time under the lock.
// It is ordered to die on the way, or to stand still until its lock has run out and to go on as if nothing had happened.

const { once } = require('node:events')
const { setTimeout: sleep } = require('node:timers/promises')
const { DistributedLock, Redis, fencedSet } = require('redwright')

const WAIT_MS = 5_000
/** How long it thinks between reading and writing, at most: without a lock the other would come in between. */
const MOST_THOUGHT_MS = 6
/** What only says that this time it was not to be: the next time it is. */
const again = new Set(['ERR_LOCK_LOST', 'ERR_BUSY'])

const tell = (words) => new Promise((resolve) => process.send(words, resolve))

/** @param {{ url: string, prefix: string, key: string, ttlMs: number, places: { population: number }[], order: object }} work */
async function count({ url, prefix, key, ttlMs, places, order }) {
  const redis = await Redis.connect(url)
  const begin = once(process, 'message')
  await tell({ ready: true })
  await begin
  // In turn, so that neither is left without its steps.
  const locks = new DistributedLock(redis, { prefix, fair: true })
  let step = 0
  let isDone = false
  while (!isDone) {
    step++
    const is = (deed, at) => order.step === step && order.deed === deed && order.at === at
    isDone = await locks
      .withLock(
        'census',
        async (lock) => {
          const record = JSON.parse(await redis.command('GET', key)) ?? { counted: 0, people: 0 }
          if (record.counted === places.length) return true
          await sleep(Math.random() * MOST_THOUGHT_MS)
          if (is('die', 'read')) await die(order, { died: 'read' })
          const isLate = is('stand still', 'read')
          if (isLate) await standStill(lock)

          const next = { counted: record.counted + 1, people: record.people + places[record.counted].population }
          const valid = lock.isValid()
          const written = await fencedSet(redis, key, lock.fencingToken, next, { ttl: '1h' })
          if (isLate) await tell({ late: { token: lock.fencingToken, valid, written } })
          else if (is('die', 'written')) await die(order, { died: 'written', untold: next.counted })
          // What was written while the lock was held is there for whoever holds it next. Of anything else nobody is told.
          else if (written) await tell({ [lock.isValid() ? 'told' : 'untold']: next.counted, token: lock.fencingToken })
          if (is('die', 'told')) await die(order, { died: 'told' })
          return false
        },
        // Where no process can be stopped (on Windows) this one at least lets its lock run out.
        { ttl: ttlMs, waitMs: WAIT_MS, renew: order.deed !== 'stand still' || process.platform !== 'win32' },
      )
      .catch((error) => {
        if (!again.has(error.code)) throw error
        return false
      })
  }
  await redis.close()
  process.disconnect()
}

/** With its last words said, and the lock in its hand. */
async function die({ how }, words) {
  await tell(words)
  if (how === 'exit') process.exit(1)
  process.kill(process.pid, how)
  await once(process, 'exit')
}

/** Whoever counts with it stops this process meanwhile. */
async function standStill({ fencingToken }) {
  const on = once(process, 'message')
  await tell({ standing: fencingToken })
  await on
}

process.once('disconnect', () => process.exit())
process.once('message', (work) => {
  count(work).catch((error) => {
    console.error(error)
    process.exit(2)
  })
})
