'use strict'

// Shows: a private server for development and tests, by URL and by hand, and what the client knows of it.
// Run:   node examples/embedded.js

const { Redis } = require('redwright')
const { startServer } = require('redwright/testing')

async function main() {
  // By URL: one private server for the whole process, nothing to start or stop.
  const redis = await Redis.connect('embedded://')
  console.log('server:', redis.server)
  console.log('ping:', await redis.ping())

  const { ok, latencyMs } = await redis.health()
  console.log(`healthy: ${ok}, in ${latencyMs.toFixed(2)} ms`)
  console.log('operations so far:', redis.metrics().operations)
  await redis.close()

  // By hand, in a test that needs a server of its own: it ends with stop(), or with the process.
  const server = await startServer()
  console.log('started:', server.description)
  const own = await Redis.connect(server.url)
  await own.command('SET', 'greeting', 'hello', 'PX', 60_000)
  console.log('greeting:', await own.command('GET', 'greeting'))
  await own.close()
  await server.stop()
}

main()
