'use strict'

const { HOUR, parse, parseAll } = require('./common')

/** The contenders that have the interface of ioredis: itself, its fork, and its option for automatic pipelines. */
function ioredisFamily({ name, package: packageName, load, options = {} }) {
  return {
    name,
    package: packageName,
    data: 'plain',

    async open(url) {
      const Redis = load()
      const redis = new Redis(url, options)
      await redis.ping()
      return redis
    },
    close: (redis) => redis.quit(),

    storeString: (redis, key, text) => redis.set(key, text, 'EX', HOUR),
    storeRecord: (redis, key, record) => redis.set(key, JSON.stringify(record), 'EX', HOUR),

    rows: {
      get: (redis, { keys }) => ({ call: (i) => redis.get(keys[i]) }),
      getJson: (redis, { keys }) => ({ call: (i) => redis.get(keys[i]), decode: parse }),
      miss: (redis, { keys }) => ({ call: (i) => redis.get(keys[i]), decode: parse }),
      set: (redis, { keys, records }) => ({
        call: (i) => redis.set(keys[i], JSON.stringify(records[i % records.length]), 'EX', HOUR),
      }),
      getMany: (redis, { batches }) => ({ call: (i) => redis.mget(batches[i % batches.length]), decode: parseAll }),
    },
  }
}

module.exports = { ioredisFamily }
