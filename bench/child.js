'use strict'

// The process of one contender at one row.

const { serve } = require('./serve')
const { Subject } = require('./subject')

let subject

serve({
  async open(settings) {
    subject = await Subject.open(settings)
  },
  seed: () => subject.seed(),
  check: () => subject.check(),
  measure: (settings) => subject.measure(settings),
  close: () => subject?.close(),
})
