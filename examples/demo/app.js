'use strict'

const { performance } = require('node:perf_hooks')
const express = require('express')
const { Accounts } = require('./accounts')
const { CachedAnswers, StoredRecords } = require('./answers')
const { Limits } = require('./limits')
const { CachedPages } = require('./pages')
const { Sessions } = require('./sessions')

// Each route is a file of its own that takes the context below and gives a router; a new pattern is one more line here.
// The order matters in one place: `/cities/:id` comes after `/cities/search` and `/cities/near`.
const routes = [
  require('./routes/page'),
  require('./routes/search'),
  require('./routes/near'),
  require('./routes/country'),
  require('./routes/city'),
  require('./routes/map'),
  require('./routes/guide'),
  require('./routes/account'),
  require('./routes/stats'),
]

/**
 * The Express application over a connected client.
 *
 * @param {{ redis: import('redwright').Redis, cities: object, prefix: string, where: string }} parts
 */
function createApp({ redis, cities, prefix, where }) {
  const stores = new Map()
  const limits = new Limits(redis, prefix)
  const sessions = new Sessions(redis, prefix)
  const accounts = new Accounts(redis, prefix)
  const add = (namespace, store) => {
    stores.set(namespace, store)
    return store
  }
  const pages = add('page', new CachedPages(redis, prefix))
  const context = {
    redis,
    cities,
    prefix,
    where,
    stores,
    limits,
    sessions,
    accounts,
    cached: (namespace) => add(namespace, new CachedAnswers(redis, prefix, namespace)),
    stored: (namespace) => add(namespace, new StoredRecords(redis, prefix, namespace)),
  }

  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('trust proxy', 'loopback') // who comes from this machine may say for whom: the load, or a proxy
  app.use((req, res, next) => {
    res.locals.begun = performance.now()
    next()
  })
  app.use(['/cities', '/countries', '/map'], limits.middleware)
  app.use(['/guides', '/account'], pages.middleware)
  for (const route of routes) app.use(route(context))
  app.use((req, res) => void res.status(404).json(asJson('ERR_NOT_FOUND', 'there is nothing at this address')))
  app.use((error, req, res, next) => {
    if (res.headersSent) return next(error)
    const status = error.status ?? 500
    if (status >= 500) console.error(error)
    res.status(status).json(status < 500 ? asJson(error.code, error.message) : asJson('ERR_INTERNAL', 'the request failed'))
  })
  return { app, stores, limits, sessions }
}

function asJson(code = 'ERR_BAD_REQUEST', message) {
  return { error: { code, message } }
}

module.exports = { createApp }
