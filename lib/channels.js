'use strict'

// What happens in a cache, for `node:diagnostics_channel`. Where nobody listens an event costs a look at `hasSubscribers`:
//
//   const { load } = channels
//   if (load.hasSubscribers) load.publish({ cache: name, durationMs })
//
// A message holds the name of the cache and figures, and never a key, a value, or an error, whose text may hold either.

const { channel } = require('node:diagnostics_channel')

/** @param {string} event */
const of = (event) => channel(`redwright:cache:${event}`)

const channels = Object.freeze({
  hit: of('hit'),
  stale: of('stale'),
  negative: of('negative'),
  miss: of('miss'),
  load: of('load'),
  loadError: of('load:error'),
  store: of('store'),
  invalidate: of('invalidate'),
  error: of('error'),
})

module.exports = { channels }
