'use strict'

// What happens to sessions, for `node:diagnostics_channel`, as `lib/channels.js`. A message holds the name of the sessions' object and a reason, and never
// an id, a user or data.

const { channel } = require('node:diagnostics_channel')

/** @param {string} event */
const of = (event) => channel(`redwright:session:${event}`)

const channels = Object.freeze({
  unreadable: of('unreadable'),
  refused: of('refused'),
  evicted: of('evicted'),
  limited: of('limited'),
})

module.exports = { channels }
