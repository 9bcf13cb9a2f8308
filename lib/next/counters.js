'use strict'

// What the handlers of this process have done, all together.

const { channel } = require('node:diagnostics_channel')
const { register } = require('../registry')

const failed = channel('redwright:next:error')

const counts = { hits: 0, staleHits: 0, misses: 0, seeds: 0, stores: 0, expired: 0, unreadable: 0, tooLarge: 0, broken: 0, invalidations: 0, failures: 0 }

const source = { metrics: () => ({ ...counts }) }
register('next', 'next', source)

/**
 * Something failed while Next.js went on without it.
 * @param {any} error
 */
function fail(error) {
  counts.failures++
  if (failed.hasSubscribers) failed.publish({ code: error?.code })
}

module.exports = { counts, fail, nextCacheMetrics: source.metrics }
