'use strict'

const native = require('../binding.js')
const { checkOptions } = require('./embedded/options.js')
const { findProgram, noServerError, refuseProduction, FALLBACK } = require('./embedded/find.js')
const { startProgram } = require('./embedded/program.js')
const { startFallback } = require('./embedded/fallback.js')
const { until } = require('./embedded/until.js')

/**
 * @typedef {import('../testing.js').StartServerOptions} StartServerOptions
 * @typedef {import('../testing.js').TestServer} TestServer
 */

/**
 * A server, and the handle of its process where it has one of its own.
 * @typedef {{ server: TestServer, handle?: number }} Started
 */

/**
 * @param {StartServerOptions} [options]
 * @returns {Promise<TestServer>}
 */
async function startServer(options = {}) {
  checkOptions(options)
  const { server } = await start(options)
  return server
}

/**
 * Where `embedded://` is: one server for all threads of this process, started by whichever asks first.
 * @returns {Promise<string>}
 */
async function embeddedUrl() {
  return until('Starting the embedded server', async () => {
    const url = native.embeddedUrl()
    if (url !== null) return url
    return native.embeddedClaim() ? startShared() : undefined
  })
}

/** @returns {Promise<string>} */
async function startShared() {
  try {
    const { server, handle } = await start({})
    native.embeddedPublish(server.url, handle)
    process.stderr.write(
      `redwright: embedded:// is ${server.description}; its data is private to this process and ends with it\n`,
    )
    return server.url
  } catch (error) {
    native.embeddedAbandon()
    throw error
  }
}

/**
 * @param {StartServerOptions} options
 * @returns {Promise<Started>}
 */
async function start(options) {
  refuseProduction()
  const program = findProgram(options.binary)
  if (program !== null && program !== FALLBACK) return startProgram(program, options)
  const server = await startFallback(options)
  if (server === null) throw noServerError(program)
  return { server }
}

module.exports = { startServer, embeddedUrl }
