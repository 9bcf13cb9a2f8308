'use strict'

// `npm run format`: rustfmt, and what oxlint can correct by itself.

require('./setup/check-node.js')
const { runMain } = require('./setup/failure.js')
const { ensurePackages } = require('./setup/packages.js')
const { binOf } = require('./setup/paths.js')
const { runInForeground } = require('./setup/run.js')

runMain(async () => {
  await ensurePackages()
  const rust = await runInForeground(['cargo', 'fmt'])
  const js = await runInForeground([process.execPath, binOf('oxlint'), '--fix'])
  process.exitCode = rust || js
})
