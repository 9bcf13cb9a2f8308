'use strict'

const { clientKey } = require('./lib/express/client-key')
const { rateLimitHeaders } = require('./lib/express/headers')
const { rateLimitMiddleware } = require('./lib/express/middleware')
const { cacheMiddleware } = require('./lib/express/response-cache')
const { SessionStore } = require('./lib/express/session-store')
const { RateLimitStore } = require('./lib/express/store')

module.exports = { RateLimitStore, SessionStore, cacheMiddleware, clientKey, rateLimitHeaders, rateLimitMiddleware }
