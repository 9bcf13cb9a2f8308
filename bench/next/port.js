'use strict'

const { once } = require('node:events')
const net = require('node:net')

/** A port that is free now. */
async function freePort() {
  const listener = net.createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address()
  listener.close()
  await once(listener, 'close')
  return port
}

module.exports = { freePort }
