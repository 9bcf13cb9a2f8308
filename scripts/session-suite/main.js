'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { Failure, runMain } = require('../setup/failure.js')
const { startServer } = require('../../testing.js')
const { runSuite } = require('./run.js')

const USAGE = 'node scripts/session-suite.js FOLDER-OF-EXPRESSJS-SESSION [--cluster]'
/** What the suite needs in its folder; the last two are there once it is installed. */
const NEEDED = ['index.js', 'session/memory.js', 'test/session.js', 'node_modules/mocha/bin/mocha.js', 'test/fixtures/server.crt']

function given() {
  try {
    const { values, positionals } = parseArgs({ options: { cluster: { type: 'boolean', default: false } }, allowPositionals: true })
    if (positionals.length !== 1) throw new Error('One folder is needed.')
    return { folder: path.resolve(positionals[0]), isCluster: values.cluster }
  } catch (error) {
    throw new Failure(error.message, { advice: USAGE })
  }
}

/** @param {string} folder */
function check(folder) {
  const missing = NEEDED.filter((file) => !fs.existsSync(path.join(folder, file)))
  if (missing.length === 0) return
  throw new Failure(`There is no ${missing.join(', ')} in that folder.`, {
    advice: 'clone github.com/expressjs/session; in it: npm install --ignore-scripts && sh test/support/gencert.sh',
  })
}

/** A private server, or a private cluster, and what a client needs to reach it. */
async function start(isCluster) {
  if (!isCluster) {
    const server = await startServer()
    return { options: { url: server.url }, stop: () => server.stop() }
  }
  const { TestCluster } = await import('../../__test__/support/cluster.ts')
  return TestCluster.start()
}

runMain(async () => {
  const { folder, isCluster } = given()
  check(folder)
  const server = await start(isCluster)
  try {
    const { passed, failed, failures } = await runSuite(folder, server.options)
    for (const { title, message } of failures) console.log(`✗ ${title}\n  ${message}`)
    console.log(`${passed} passed, ${failed} failed`)
    // Where nothing ran, nothing is known.
    if (failed > 0 || passed === 0) process.exitCode = 1
  } finally {
    await server.stop()
  }
})
