'use strict'

const { nextCacheMetrics } = require('./lib/next/counters')
const { cachedRoute } = require('./lib/next/cached-route')
const { withRedwright } = require('./lib/next/config')
const { createCacheHandler } = require('./lib/next/page-handler')
const { rateLimit } = require('./lib/next/rate-limit')
const { createUseCacheHandler } = require('./lib/next/use-cache-handler')

module.exports = { cachedRoute, createCacheHandler, createUseCacheHandler, nextCacheMetrics, rateLimit, withRedwright }
