'use strict'

const { Redis } = require('./lib/redis')
const { getRedis, closeRedis, createClients } = require('./lib/clients')
const { TypeSafeCache } = require('./lib/cache')
const { CacheManager } = require('./lib/cache-manager')
const { ResilientCache } = require('./lib/resilient-cache')
const { RedisRepository } = require('./lib/repository')
const { Cached } = require('./lib/cached')
const { CircuitBreaker } = require('./lib/circuit-breaker')
const { RateLimiter } = require('./lib/rate-limiter')
const { DistributedLock } = require('./lib/distributed-lock')
const { Semaphore } = require('./lib/semaphore')
const { ReadWriteLock } = require('./lib/read-write-lock')
const { fencedSet } = require('./lib/fenced-set')
const { SessionManager } = require('./lib/session-manager')
const { RedwrightError } = require('./lib/errors')

module.exports = { Redis, getRedis, closeRedis, createClients, TypeSafeCache, ResilientCache, CacheManager, RedisRepository, Cached, CircuitBreaker, RateLimiter, DistributedLock, Semaphore, ReadWriteLock, fencedSet, SessionManager, RedwrightError }
