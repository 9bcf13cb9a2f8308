'use strict'

const { cacheMiddleware } = require('redwright/express')
const { Tally } = require('./tally')

/** Whole pages, as they go out: `cacheMiddleware`. It stands before public and private ones alike, and keeps what may be kept. */
class CachedPages {
  #cache

  constructor(redis, prefix) {
    this.tally = new Tally()
    // The server may be one in this very process, which the load test keeps busy.
    this.#cache = cacheMiddleware(redis, { prefix, namespace: 'page', ttl: '5m', timeoutMs: '1s' })
    this.middleware = (req, res, next) => {
      res.once('finish', () => this.tally.count(outcomeOf(res.getHeader('cache-status'))))
      this.#cache(req, res, next)
    }
  }

  clear() {
    return this.#cache.purge({ prefix: '/' })
  }
}

/** Of the `Cache-Status` field (RFC 9211), in the words of the other stores. */
function outcomeOf(status = '') {
  if (/; hit/.test(status)) return 'HIT'
  return /; stored/.test(status) ? 'MISS' : 'BYPASS'
}

module.exports = { CachedPages, outcomeOf }
