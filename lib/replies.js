'use strict'

// Replies of any command.

const { fromNative } = require('./errors')

/**
 * Makes errors of the family of the failures inside a reply. They come up as `src/bridge/drain.rs` makes them: an `Error`, which no server can
 * send, with the fields of the failure.
 * @param {any} reply
 * @returns {any}
 */
function revive(reply) {
  if (typeof reply !== 'object' || reply === null || reply instanceof Uint8Array) return reply
  if (reply instanceof Error) return fromNative(/** @type {any} */ (reply).failure)
  for (const key in reply) {
    const value = reply[key]
    if (typeof value === 'object' && value !== null) reply[key] = revive(value)
  }
  return reply
}

module.exports = { revive }
