'use strict'

const { performance } = require('node:perf_hooks')
const { BATCH } = require('./data')

// A row is one operation. `data` says what must lie on the server (`string`, `record`, or nothing), `baseline` whose figure the
// ratios are taken against, and `right` whether a reply is the one that was asked for: cheap enough to ask of every reply.
// `sizes` and `loads` are there where a row is not run with all of them; `bare` rows have no values. Where `baselineCompetes` the baseline is a rival
// among the others. `hot` rows are about answers that may come from memory or not, `near` ones about what a process has in memory, and
// `sync` ones about calls that give no promise.

const isRecord = (reply, i) => reply !== null && reply !== undefined && reply.id === i

const NEAR = { near: true, sizes: [400], loads: [1], right: isRecord }
const TAGGED = { baseline: 'redwright-untagged', sizes: [400], loads: [1, 64], right: () => true }

const LIMITED = { baseline: 'rate-limiter-flexible', baselineCompetes: true, bare: true, sizes: [400] }
const isAllowed = (reply) => reply === true

/** A key of 10 a minute: nobody is right who allows more, and each new minute brings others. */
function isRefused(reply, i, facts) {
  if (reply !== true) return reply === false
  return ++facts.allowed <= 10 * (2 + (performance.now() - facts.openedAt) / 60_000)
}

const ROWS = {
  get: {
    title: 'get hit, plain string',
    baseline: 'ioredis',
    data: 'string',
    right: (reply, i, { chars }) => typeof reply === 'string' && reply.length === chars,
  },
  getJson: { title: 'get hit, JSON parsed', baseline: 'ioredis', data: 'record', right: isRecord },
  miss: {
    title: 'get miss',
    baseline: 'ioredis',
    bare: true,
    right: (reply) => reply === null || reply === undefined,
  },
  set: { title: 'set, JSON written', baseline: 'ioredis', right: () => true },
  getOrSet: { title: 'getOrSet hit, JSON parsed', baseline: 'cache-aside', data: 'record', right: isRecord },
  getMany: {
    title: `getMany of ${BATCH}, JSON parsed`,
    baseline: 'ioredis',
    data: 'record',
    right: (reply, i, { batchCount }) => {
      const last = (i % batchCount) * BATCH + BATCH - 1
      return reply.length === BATCH && reply[BATCH - 1] !== null && reply[BATCH - 1].id === last
    },
  },
  setTagged: { title: 'set with a tag', ...TAGGED },
  setTagged3: { title: 'set with three tags', ...TAGGED, loads: [64] },
  limit: { title: 'a decision, all allowed', ...LIMITED, right: isAllowed },
  limitHot: { title: 'a decision about a key that is refused', ...LIMITED, hot: true, loads: [64], right: isRefused },
  limitMulti: { title: 'a decision by two limits, all allowed', ...LIMITED, loads: [64], right: isAllowed },
  lock: {
    title: 'a lock taken and released, each of another resource',
    baseline: 'set-nx',
    baselineCompetes: true,
    bare: true,
    sizes: [400],
    loads: [1, 100],
    right: (reply) => reply === true,
  },
  peek: { title: 'near hit, synchronous', baseline: 'lru-cache', sync: true, ...NEAR },
  peekTagged: { title: 'near hit with a tag, synchronous', baseline: 'layered-loader', sync: true, ...NEAR },
  near: { title: 'near hit, awaited', baseline: 'lru-cache', ...NEAR },
  nearTagged: { title: 'near hit with a tag, awaited', baseline: 'bentocache', ...NEAR },
  nearClone: { title: 'near hit copied, awaited', baseline: 'bentocache', ...NEAR },
}

const rowNames = Object.keys(ROWS)

module.exports = { ROWS, rowNames }
