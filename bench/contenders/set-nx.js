'use strict'

// The published snippet over ioredis 6: SET NX PX with a random token, and a script that deletes the key only where the token is still there. It
// has no waiting, so it takes no part where others hold the lock.

const { createHash, randomUUID } = require('node:crypto')
const ioredis = require('./ioredis')
const { TTL_MS } = require('./locks')

const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end`
const RELEASE_SHA = createHash('sha1').update(RELEASE).digest('hex')

async function open(url) {
  const redis = await ioredis.open(url)
  await redis.script('LOAD', RELEASE)
  return redis
}

async function pair(redis, key) {
  const token = randomUUID()
  const won = await redis.set(key, token, 'PX', TTL_MS, 'NX')
  return won === 'OK' && (await redis.evalsha(RELEASE_SHA, 1, key, token)) === 1
}

module.exports = {
  name: 'set-nx',
  package: 'ioredis6',

  open,
  close: ioredis.close,

  rows: {
    lock: (redis, { keys }) => ({ call: (i) => pair(redis, `set-nx:${keys[i]}`) }),
  },
}
