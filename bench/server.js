'use strict'

/** The server of a run: a private one over loopback TCP, as `redwright/testing` starts it, or the one the user named. */
async function openServer(url, args = []) {
  if (url !== undefined) {
    return { url, description: 'the server of --url', stop: async () => {} }
  }
  const { startServer } = require('../testing')
  const server = await startServer({ tcp: true, args })
  return { url: server.url, description: `${server.product} ${server.version}`, stop: () => server.stop() }
}

module.exports = { openServer }
