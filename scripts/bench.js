'use strict'

// `npm run bench [-- arguments of the benchmark]`

const path = require('node:path')
const { setup } = require('./setup.js')
const { canInstall, installByApt } = require('./setup/apt.js')
const { runMain } = require('./setup/failure.js')
const { ensurePackages } = require('./setup/packages.js')
const { ROOT } = require('./setup/paths.js')
const { runInForeground } = require('./setup/run.js')
const { onPath } = require('./setup/which.js')

runMain(async () => {
  await setup({ server: true, optimised: true })
  await ensurePackages(path.join(ROOT, 'bench'))
  // It asks for the pages. Where it is not to be had, the row of pages says so.
  if (!onPath('wrk') && canInstall()) await installByApt(['wrk'])
  process.exitCode = await runInForeground([process.execPath, 'bench/run.js', ...process.argv.slice(2)])
})
