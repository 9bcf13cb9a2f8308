'use strict'

const { BATCH } = require('./data')

// A row is one operation. `data` says what must lie on the server (`string`, `record`, or nothing), `baseline` whose figure the
// ratios are taken against, and `right` whether a reply is the one that was asked for: cheap enough to ask of every reply.

const ROWS = {
  get: {
    title: 'get hit, plain string',
    baseline: 'ioredis',
    data: 'string',
    right: (reply, i, { chars }) => typeof reply === 'string' && reply.length === chars,
  },
  getJson: {
    title: 'get hit, JSON parsed',
    baseline: 'ioredis',
    data: 'record',
    right: (reply, i) => reply !== null && reply.id === i,
  },
  miss: {
    title: 'get miss',
    baseline: 'ioredis',
    right: (reply) => reply === null || reply === undefined,
  },
  set: {
    title: 'set, JSON written',
    baseline: 'ioredis',
    right: () => true,
  },
  getOrSet: {
    title: 'getOrSet hit, JSON parsed',
    baseline: 'cache-aside',
    data: 'record',
    right: (reply, i) => reply !== null && reply.id === i,
  },
  getMany: {
    title: `getMany of ${BATCH}, JSON parsed`,
    baseline: 'ioredis',
    data: 'record',
    right: (reply, i, { batchCount }) => {
      const last = (i % batchCount) * BATCH + BATCH - 1
      return reply.length === BATCH && reply[BATCH - 1] !== null && reply[BATCH - 1].id === last
    },
  },
}

const rowNames = Object.keys(ROWS)

module.exports = { ROWS, rowNames }
