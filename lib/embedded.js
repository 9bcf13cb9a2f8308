'use strict'

const native = require('./native')
const { checkOptions } = require('./embedded/options')
const { findProgram, noServerError, refuseProduction, FALLBACK } = require('./embedded/find')
const { startProgram } = require('./embedded/program')
const { startFallback } = require('./embedded/fallback')
const { until } = require('./embedded/until')

/**
 * @typedef {import('../testing').StartServerOptions} StartServerOptions
 * @typedef {import('../testing').TestServer} TestServer
 */

/**
 * A server, and the handle of its process where it has one of its own.
 * @typedef {{ server: TestServer, handle?: number }} Started
 */

/**
 * @param {StartServerOptions} [options]
 * @returns {Promise<TestServer>}
 */
async function startServer(options) {
  const { server } = await start(checkOptions(options))
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
