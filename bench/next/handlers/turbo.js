'use strict'

// As its README has it, with its defaults: copies in memory for ten seconds.

const path = require('node:path')
const { createRequire } = require('node:module')

const { RedisStringsHandler } = createRequire(path.join(__dirname, '../peers/turbo/package.json'))('@trieb.work/nextjs-turbo-redis-cache')

let handler

module.exports = class {
  constructor() {
    handler ??= new RedisStringsHandler({ database: 0, keyPrefix: 'turbo:', redisUrl: process.env.REDIS_URL })
  }
  get(...args) {
    return handler.get(...args)
  }
  set(...args) {
    return handler.set(...args)
  }
  revalidateTag(...args) {
    return handler.revalidateTag(...args)
  }
  resetRequestCache(...args) {
    return handler.resetRequestCache(...args)
  }
}
