'use strict'

const { fork } = require('node:child_process')
const path = require('node:path')
const { Failure } = require('../setup/failure.js')

/**
 * Starts the application of `server.js` in a process of its own.
 * @param {string} folder of the suite
 * @param {object} options of `cacheMiddleware`
 * @returns {Promise<{ base: string, stop(): void }>}
 */
function startServer(folder, options) {
  // What handles the suite's requests tells all of it; errors are told only where they are ours.
  const env = { ...process.env, NODE_ENV: 'test' }
  const child = fork(path.join(__dirname, 'server.js'), [folder, JSON.stringify(options)], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  return new Promise((resolve, reject) => {
    child.once('message', (/** @type {{ port: number }} */ { port }) => resolve({ base: `http://127.0.0.1:${port}`, stop: () => void child.disconnect() }))
    child.once('exit', (code) => reject(new Failure(`The application with the suite's handlers ended with code ${code}.`)))
  })
}

module.exports = { startServer }
