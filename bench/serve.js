'use strict'

/** A child process does what the parent asks, one thing at a time, and answers each with `{ result }` or `{ error }`. */
function serve(deeds) {
  // With the parent gone, or after `close`, nothing that a client left open keeps the process.
  process.on('disconnect', () => process.exit())

  process.on('message', async ({ deed, settings }) => {
    try {
      const result = await deeds[deed](settings)
      if (deed === 'close') process.disconnect()
      else if (process.connected) process.send({ result })
    } catch (error) {
      process.send({ error: String(error?.message ?? error) })
    }
  })
}

module.exports = { serve }
