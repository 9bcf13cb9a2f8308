'use strict'

// The native half of a lock, and the numbers that `src/lock/native.rs` knows.

const binding = require('../native')

/** What is locked, as `src/lock/` numbers it. */
const MUTEX = 0
const SEMAPHORE = 1
const READ_WRITE = 2

/** How: alone (a mutex, a permit, a writer), or with other readers. */
const EXCLUSIVE = 0
const SHARED = 1

/** Terms of an `acquire`. */
const FAIR = 1
const RENEW = 2

/** @typedef {import('../../binding').NativeLock} NativeLock */

/**
 * @param {import('../../binding').NativeRedis[]} clients
 * @param {import('../../binding').NativeRedis | null} beside on which it is waited for replicas
 * @param {number} source of its events
 * @param {{ kind: number, prefix: string, loopStallMs: number }} settings
 * @returns {NativeLock}
 */
function openNative(clients, beside, source, { kind, prefix, loopStallMs }) {
  return new binding.NativeLock(clients, beside, source, kind, prefix, loopStallMs)
}

module.exports = { openNative, MUTEX, SEMAPHORE, READ_WRITE, EXCLUSIVE, SHARED, FAIR, RENEW }
