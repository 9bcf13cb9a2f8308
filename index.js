'use strict'

const { Redis } = require('./lib/redis')
const { getRedis, closeRedis, createClients } = require('./lib/clients')
const { TypeSafeCache } = require('./lib/cache')
const { ResilientCache } = require('./lib/resilient-cache')
const { RedisRepository } = require('./lib/repository')
const { CircuitBreaker } = require('./lib/circuit-breaker')
const { RedwrightError } = require('./lib/errors')

module.exports = { Redis, getRedis, closeRedis, createClients, TypeSafeCache, ResilientCache, RedisRepository, CircuitBreaker, RedwrightError }
