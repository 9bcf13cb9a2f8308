'use strict'

// redlock-universal again, in its mode without circuit breaker and metadata, which is its fastest.

const universal = require('./redlock-universal')

module.exports = {
  ...universal,
  name: 'redlock-universal-lean',
  rows: { lock: universal.lockRow({ performance: 'lean' }) },
  waiters: undefined,
}
