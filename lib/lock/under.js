'use strict'

// A function that runs while a lock is held.

const { RedwrightError } = require('../errors')
const { lossOf } = require('./held-lock')
const { lockLost } = require('./lost')

/** @typedef {import('./held-lock').HeldLock} HeldLock */

/**
 * Under a lock of its own, which is given back in any case. What the function throws is what the caller gets; a lock that was lost while it ran is told
 * only where it did not fail itself.
 * @param {(busy: (retryAfterMs: number) => never) => Promise<HeldLock>} acquire
 * @param {(lock: HeldLock) => unknown} fn
 * @param {number} waitMs
 */
async function under(acquire, fn, waitMs) {
  const lock = await acquire((retryAfterMs) => {
    throw busy(waitMs, retryAfterMs)
  })
  let result
  try {
    result = await fn(lock)
  } catch (error) {
    await lock.release()
    throw error
  }
  const loss = lossOf(lock)
  const outcome = await lock.release()
  if (loss !== null) throw loss
  if (outcome === 'expired' || outcome === 'stolen') throw lockLost(outcome)
  return result
}

/**
 * Under a lock that the caller holds already, and goes on holding.
 * @param {HeldLock} lock
 * @param {(lock: HeldLock) => unknown} fn
 */
async function underHeld(lock, fn) {
  if (!lock.isValid()) throw lossOf(lock) ?? lockLost('expired')
  const result = await fn(lock)
  const loss = lossOf(lock)
  if (loss !== null) throw loss
  return result
}

/**
 * @param {number} waitMs
 * @param {number} retryAfterMs -1 where that is not known
 */
function busy(waitMs, retryAfterMs) {
  const waited = waitMs === 0 ? '' : `, and it was not given back within ${waitMs} ms`
  return new RedwrightError('ERR_BUSY', `another holds the lock${waited}`, { retryAfterMs: retryAfterMs < 0 ? undefined : retryAfterMs })
}

module.exports = { under, underHeld }
