'use strict'

const { monitorEventLoopDelay } = require('node:perf_hooks')

const RESOLUTION_MS = 1

/** Watches how long the event loop serves nobody. What it tells is the longest such span, less the timer's own period. */
function watchPauses() {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delays.enable()
  return {
    longestMs() {
      delays.disable()
      return Math.max(0, delays.max / 1e6 - RESOLUTION_MS)
    },
  }
}

module.exports = { watchPauses }
