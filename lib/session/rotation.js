'use strict'

// A session gets another id.

const { RedwrightError, typeError } = require('../errors')
const { isId } = require('./names')
const { CODE, FIELD } = require('./record')

/** How often it is tried, which fails where the session is written meanwhile. */
const MOST_TRIES = 16

/**
 * What it is then, `null` where it is not there any more. For `graceMs` the old id leads to it.
 * @param {import('./parts').Parts} parts
 * @param {import('./by-id').ById} byId
 * @param {unknown} id
 * @param {string} newId which nobody knows yet
 * @param {number} graceMs
 * @returns {Promise<import('./record').Read | null>}
 */
async function rotate({ link, names, seal, tally }, byId, id, newId, graceMs) {
  if (!isId(newId) || id === newId) throw typeError('newId must be another id')
  if (!isId(id)) return null
  const name = names.presentOf(newId)
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const found = await byId.findOwn(id)
    // It has that name already where a call before, which was told of a failure, was executed.
    if (found === null || found.id === name) return found
    const [d, u, m] = closed(found, name, seal)
    const [code, , lastSeenAt, expiresAt] = await link.call((native, ticket) =>
      native.rotate(ticket, found.id, name, found.version, found.index, graceMs, d, u, m),
    )
    if (code === CODE.LIVE) {
      tally.counts.rotated++
      return { ...found, id: name, movedTo: null, lastSeenAt, expiresAt }
    }
    if (code !== CODE.CONFLICT && code !== CODE.MOVED) return null
  }
  throw new RedwrightError('ERR_BUSY', 'the session was written again and again while its id was changed')
}

/**
 * What is sealed of a session, for another name.
 * @param {import('./record').Read} session
 * @param {string} name
 * @param {import('./seal').Seal} seal
 */
function closed({ data, userId, meta }, name, seal) {
  const close = (/** @type {string | null} */ text, /** @type {string} */ field) => (text === null ? '' : seal.close(text, name, field))
  return [close(data, FIELD.DATA), close(userId, FIELD.USER), close(meta, FIELD.META)]
}

module.exports = { rotate }
