'use strict'

const { once } = require('node:events')
const http = require('node:http')
const { Redis } = require('redwright')
const { createApp } = require('./app')
const { loadCities } = require('./cities')

/**
 * Connects, reads the data set and listens on loopback.
 *
 * @param {{ url?: string, port?: number, prefix?: string }} options
 */
async function start({ url = 'embedded://', port = 0, prefix = 'redwright-demo' } = {}) {
  const redis = await Redis.connect(url)
  try {
    const cities = loadCities()
    const where = placeOf(url)
    const { app, stores, limits } = createApp({ redis, cities, prefix, where })
    const server = http.createServer(app).listen(port, '127.0.0.1')
    await once(server, 'listening')
    return {
      redis,
      cities,
      stores,
      limits,
      prefix,
      where,
      port: server.address().port,
      url: `http://127.0.0.1:${server.address().port}`,
      clear: () => Promise.all([...stores.values()].map((store) => store.clear())),
      async close() {
        server.close()
        server.closeAllConnections()
        await redis.close()
      },
    }
  } catch (error) {
    await redis.close()
    throw error
  }
}

/** Where the server is, without what may be secret. */
function placeOf(url) {
  if (url.startsWith('embedded:')) return 'embedded'
  const { protocol, host, pathname } = new URL(url)
  return protocol.includes('unix') ? pathname : host
}

module.exports = { start }
