'use strict'

const { Redis } = require('./lib/redis')
const { getRedis, closeRedis, createClients } = require('./lib/clients')
const { TypeSafeCache } = require('./lib/cache')
const { RedisRepository } = require('./lib/repository')
const { RedwrightError } = require('./lib/errors')

module.exports = { Redis, getRedis, closeRedis, createClients, TypeSafeCache, RedisRepository, RedwrightError }
