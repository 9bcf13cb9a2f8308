'use strict'

// Ours without tags, in the rows of those with tags: what they cost is a ratio within one round. Its keys are its own, so that neither
// finds the other's entries where it writes.

const redwright = require('./redwright')

module.exports = {
  ...redwright,
  name: 'redwright-untagged',
  open: (url, row) => redwright.open(url, row, 'bench-untagged'),
  rows: { setTagged: redwright.rows.set, setTagged3: redwright.rows.set },
  cold: undefined,
  weigh: undefined,
  waiters: undefined,
}
