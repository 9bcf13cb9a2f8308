'use strict'

const { clientKey } = require('./lib/express/client-key')
const { rateLimitHeaders } = require('./lib/express/headers')
const { rateLimitMiddleware } = require('./lib/express/middleware')
const { RateLimitStore } = require('./lib/express/store')

module.exports = { RateLimitStore, clientKey, rateLimitHeaders, rateLimitMiddleware }
