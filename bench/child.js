'use strict'

// The process of one contender. It does what the parent asks, one thing at a time, and answers each with `{ result }` or `{ error }`.

const { Subject } = require('./subject')

let subject

const deeds = {
  async open(settings) {
    subject = await Subject.open(settings)
  },
  seed: () => subject.seed(),
  check: () => subject.check(),
  measure: (settings) => subject.measure(settings),
  async close() {
    await subject?.close()
    process.disconnect()
  },
}

// With the parent gone, or after `close`, nothing that a client left open keeps the process.
process.on('disconnect', () => process.exit())

process.on('message', async ({ deed, settings }) => {
  try {
    const result = await deeds[deed](settings)
    if (process.connected) process.send({ result })
  } catch (error) {
    process.send({ error: String(error?.message ?? error) })
  }
})
