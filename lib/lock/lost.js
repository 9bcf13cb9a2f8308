'use strict'

// How a lock came to its end before it was given back.

const { RedwrightError } = require('../errors')

/** @typedef {import('../../index').LockLossReason} LossReason */

/** What `src/lock/` says, by its number. 0 is a deadline that passed without anything being known. */
const REASONS = /** @type {const} */ (['expired', 'expired', 'stolen', 'unreachable'])

const MESSAGES = {
  expired: 'the lock is lost: its time was over before it was given back',
  stolen: 'the lock is lost: another holds it',
  unreachable: 'the lock is lost: no server answered its renewal in time',
}

/** @param {LossReason} reason */
function lockLost(reason) {
  return new RedwrightError('ERR_LOCK_LOST', MESSAGES[reason], { reason })
}

module.exports = { REASONS, lockLost }
