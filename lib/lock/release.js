'use strict'

// Giving back a lock by the class that gave it, as the published snippets do.

const { RedwrightError } = require('../errors')
const { termsOf } = require('./held-lock')

/**
 * Whether it was held, and is not any more. Of several calls the first says so.
 * @param {import('./held-lock').HeldLock} lock
 */
async function giveBack(lock) {
  const { isReleased } = termsOf(lock)
  const outcome = await lock.release()
  if (outcome === 'unknown') {
    throw termsOf(lock).failure ?? unknownRelease()
  }
  return outcome === 'released' && !isReleased
}

function unknownRelease() {
  return new RedwrightError('ERR_TIMEOUT', 'nobody knows whether the lock was given back', { maybeExecuted: true })
}

module.exports = { giveBack, unknownRelease }
