'use strict'

const { performance } = require('node:perf_hooks')
const { TypeSafeCache, RedisRepository } = require('redwright')
const { missing } = require('./params')
const { Tally } = require('./tally')

// Both kinds of store answer a request and say in the `X-Cache` header how:
//   HIT     found in Redis
//   MISS    this request ran the load
//   SHARED  waited for the load of another request for the same key (single flight)
//   BYPASS  the request said `Cache-Control: no-store`, so the load ran and Redis was not asked

const life = { ttl: '5m', jitter: 0.1 }

/** Answers that are computed once and kept for a while: `TypeSafeCache.getOrSet`. */
class CachedAnswers {
  constructor(redis, prefix, namespace) {
    this.tally = new Tally()
    const onError = () => void this.tally.cacheErrors++ // the answer is loaded all the same
    this.cache = new TypeSafeCache(redis, { prefix, namespace, ...life, onError })
    this.flights = new Map()
  }

  async send(req, res, key, load) {
    if (bypasses(req)) return respond(res, this.tally, 'BYPASS', await this.tally.time(load))
    const joined = this.flights.get(key)
    const flight = joined ?? { loaded: false }
    if (!joined) this.flights.set(key, flight)
    let ran = false
    try {
      const value = await this.cache.getOrSet(key, () => {
        ran = flight.loaded = true
        return this.tally.time(load)
      })
      respond(res, this.tally, ran ? 'MISS' : flight.loaded ? 'SHARED' : 'HIT', value)
    } finally {
      if (!joined) this.flights.delete(key)
    }
  }

  clear() {
    return this.cache.clear()
  }
}

/** Records by id: `RedisRepository`, filled from the data set when a record is first asked for. */
class StoredRecords {
  constructor(redis, prefix, namespace) {
    this.records = new RedisRepository(redis, namespace, { prefix, ttl: '30m' })
    this.keys = new TypeSafeCache(redis, { prefix, namespace }) // the same keys, for clear()
    this.tally = new Tally()
  }

  async send(req, res, id, load) {
    if (bypasses(req)) return respond(res, this.tally, 'BYPASS', await this.tally.time(load))
    const stored = await this.records.get(id)
    if (stored !== null) return respond(res, this.tally, 'HIT', stored)
    const loaded = await this.tally.time(load)
    if (loaded !== null) await this.records.set(id, loaded)
    respond(res, this.tally, 'MISS', loaded)
  }

  clear() {
    return this.keys.clear()
  }
}

function bypasses(req) {
  return req.get('cache-control') === 'no-store'
}

function respond(res, tally, outcome, value) {
  tally.count(outcome)
  res.set('X-Cache', outcome).set('Cache-Control', 'no-store')
  if (value === null) throw missing('there is no such thing in the data set')
  res.set('Server-Timing', `answer;dur=${(performance.now() - res.locals.begun).toFixed(2)}`).json(value)
}

module.exports = { CachedAnswers, StoredRecords }
