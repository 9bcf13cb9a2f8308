'use strict'

// What the contenders that lock share. In the row of locks each takes a lock and releases it, `pair`; in the extra `lockHandover` each takes one
// lock that others want too, by each of its `waiters`, and gives back how it is released.

/** The life of every lock. Nothing here takes that long. */
const TTL_MS = 10_000

/** Until `attempt` has the lock. Who gives up before that, by its own settings, is asked again, as an application would that needs the lock. */
async function untilHeld(attempt, isBusy) {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!isBusy(error)) throw error
    }
  }
}

module.exports = { TTL_MS, untilHeld }
