'use strict'

// Who answers pages from a store (bench/pages.js): a handler of Express each, before one route.

const HOUR = 3_600
/** As long as the body of the route. */
const READY = 'x'.repeat(2_000)

/** @type {Record<string, (url: string) => Promise<{ handle?: Function, close(): unknown }>>} */
const PAGES = {
  /** Nothing is stored: what the others are measured against where they store. */
  'no cache': async () => ({ handle: undefined, close() {} }),

  /** What Express leaves to gain: the body lies ready, and nothing is asked for it. */
  'no cache, ready bytes': async () => ({ handle: (_req, res) => res.end(READY), close() {} }),

  redwright: (url) => ours(url, {}),
  'redwright, near': (url) => ours(url, { near: true }),

  /** The published snippet: GET, parse, `res.json`; on a miss `res.json` is wrapped, and the body is stored as it passes. */
  'ioredis snippet': async (url) => {
    const redis = new (require('ioredis6').Redis)(url)
    return { handle: snippet(redis), close: () => redis.quit() }
  },

  /** In this process's memory, as it comes. */
  apicache: async () => ({ handle: require('apicache').newInstance({ debug: false }).middleware('1 hour'), close() {} }),

  /** Over the client that it asks for. */
  'apicache over Redis': async (url) => {
    const redisClient = require('redis3').createClient(url)
    return { handle: require('apicache').newInstance({ redisClient }).middleware('1 hour'), close: () => redisClient.quit() }
  },
}

async function ours(url, options) {
  const { Redis } = require('../..')
  const { cacheMiddleware } = require('../../express')
  const redis = await Redis.connect(url)
  // A machine that is as busy as this one shall not have the application answer because Redis took its time.
  return { handle: cacheMiddleware(redis, { ttl: HOUR, timeoutMs: '10s', ...options }), close: () => redis.close() }
}

function snippet(redis) {
  return async (req, res, next) => {
    const key = `cache:${req.originalUrl}`
    const cached = await redis.get(key)
    if (cached !== null) return res.json(JSON.parse(cached))
    const json = res.json.bind(res)
    res.json = (value) => {
      redis.setex(key, HOUR, JSON.stringify(value))
      return json(value)
    }
    next()
  }
}

module.exports = { PAGES }
