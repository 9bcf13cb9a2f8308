'use strict'

// `npm run build` for a release, `npm run build:debug` for a debugger; more arguments go to `napi build`.

require('./setup/check-node.js')
const { buildAddon } = require('./setup/addon.js')
const { runMain } = require('./setup/failure.js')
const { ensurePackages } = require('./setup/packages.js')

runMain(async () => {
  const args = process.argv.slice(2)
  const debug = args[0] === '--debug'
  await ensurePackages()
  await buildAddon({ profile: debug ? 'dev' : 'release', args: debug ? args.slice(1) : args })
})
