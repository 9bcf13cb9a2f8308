'use strict'

// ioredis 6 with `enableAutoPipelining`, its own remedy for many commands in flight: the strongest form of the baseline, in the two
// rows that the promises are about.

const { ioredisFamily } = require('./ioredis-family')

const whole = ioredisFamily({
  name: 'ioredis-pipelined',
  package: 'ioredis6',
  load: () => require('ioredis6').Redis,
  options: { enableAutoPipelining: true },
})

module.exports = { ...whole, rows: { get: whole.rows.get, getJson: whole.rows.getJson } }
