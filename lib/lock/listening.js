'use strict'

// Those who are to be told of locks that are lost, although nobody else may hold them: the bridge holds receivers weakly.

// Not the globals: an environment of a test may have replaced them.
const { setInterval, clearInterval } = require('node:timers')

/** How often it is looked whether they wait for nothing any more, in ms. */
const EVERY_MS = 60_000

/** @typedef {{ sweep(): boolean }} Listener says whether it still waits for anything */

/** @type {Set<Listener>} */
const listening = new Set()
/** @type {NodeJS.Timeout | undefined} */
let timer

/** @param {Listener} listener */
function listen(listener) {
  listening.add(listener)
  timer ??= setInterval(sweep, EVERY_MS).unref()
}

function sweep() {
  for (const listener of listening) if (!listener.sweep()) listening.delete(listener)
  if (listening.size > 0) return
  clearInterval(timer)
  timer = undefined
}

module.exports = { listen }
