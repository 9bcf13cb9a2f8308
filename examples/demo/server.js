'use strict'

const { once } = require('node:events')
const http = require('node:http')
const { Redis } = require('redwright')
const { startServer } = require('redwright/testing')
const { createApp } = require('./app')
const { loadCities } = require('./cities')

/** A private server. It is started by its function, since the processes that count are told where it is. */
const PRIVATE = 'embedded://'

/**
 * Connects, reads the data set and listens on loopback.
 *
 * @param {{ url?: string, port?: number, prefix?: string }} options
 */
async function start({ url = PRIVATE, port = 0, prefix = 'redwright-demo' } = {}) {
  const own = url === PRIVATE ? await startServer() : undefined
  const address = own?.url ?? url
  const redis = await Redis.connect(address)
  const leave = async () => {
    await redis.close()
    await own?.stop()
  }
  try {
    const cities = loadCities()
    const where = placeOf(url)
    const { app, stores, limits } = createApp({ redis, cities, prefix, where })
    const server = http.createServer(app).listen(port, '127.0.0.1')
    await once(server, 'listening')
    return {
      redis,
      address,
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
        await leave()
      },
    }
  } catch (error) {
    await leave()
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
