'use strict'

// Ours again in the rows of rate limits, by its default algorithm, which does more than those beside it.

const { gcraRows, open } = require('./redwright-limits')

module.exports = {
  name: 'redwright-gcra',
  package: 'redwright',

  open,
  close: ({ redis }) => redis.close(),

  rows: gcraRows,
}
