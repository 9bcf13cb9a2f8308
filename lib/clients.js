'use strict'

// The client of the process, and clients by role.

const { Redis } = require('./redis')
const { fromEnvironment } = require('./options')

/** @type {Redis | null} */
let shared = null

function getRedis() {
  if (shared?.status === 'closing' || shared?.status === 'closed') shared = null
  return (shared ??= new Redis(fromEnvironment(process.env)))
}

async function closeRedis() {
  const closing = shared
  shared = null
  await closing?.close()
}

/** @param {string | import('../index').RedisOptions} [options] */
function createClients(options) {
  const client = new Redis(options)
  const publisher = client.duplicate()
  const subscriber = client.duplicate()
  return {
    client,
    publisher,
    subscriber,
    async close() {
      await Promise.all([client.close(), publisher.close(), subscriber.close()])
    },
  }
}

module.exports = { getRedis, closeRedis, createClients }
