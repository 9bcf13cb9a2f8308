'use strict'

// Makes a fresh clone ready: `node scripts/setup.js [--server] [--browser]`. Depends on nothing but Node. Prints nothing when all is there.

require('./setup/check-node.js')
const { ensureAddon } = require('./setup/addon.js')
const { ensureBrowser } = require('./setup/browser.js')
const { runMain } = require('./setup/failure.js')
const { ensurePackages } = require('./setup/packages.js')
const { ensureServer } = require('./setup/server.js')

/**
 * @param {{ server?: boolean, browser?: boolean, optimised?: boolean }} [needs] `server`: a real Redis or Valkey program, for the tests;
 *   `browser`: a Chromium, for those that drive one; `optimised`: not a debug build, for benchmarks
 */
async function setup({ server = false, browser = false, optimised = false } = {}) {
  // What may need a person comes before what takes minutes.
  if (server) await ensureServer()
  if (browser) await ensureBrowser()
  await ensurePackages()
  await ensureAddon({ optimised })
}

if (require.main === module) runMain(() => setup({ server: process.argv.includes('--server'), browser: process.argv.includes('--browser') }))

module.exports = { setup }
