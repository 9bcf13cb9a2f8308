'use strict'

// Replies of any command.

const { fromNative } = require('./errors')

/**
 * Makes errors of the failures inside a reply. They come up as `src/bridge/drain.rs` writes them; no reply of RESP2 holds booleans, so
 * none can be taken for one.
 * @param {any} reply
 * @returns {any}
 */
function revive(reply) {
  if (typeof reply !== 'object' || reply === null || reply instanceof Uint8Array) return reply
  if (isFailure(reply)) return fromNative(reply)
  for (const key in reply) {
    const value = reply[key]
    if (typeof value === 'object' && value !== null) reply[key] = revive(value)
  }
  return reply
}

/** @param {any} reply */
function isFailure(reply) {
  if (!Array.isArray(reply) || reply.length !== 5) return false
  const [code, , retryable, maybeExecuted] = reply
  return typeof code === 'string' && code.startsWith('ERR_') && typeof retryable === 'boolean' && typeof maybeExecuted === 'boolean'
}

module.exports = { revive }
