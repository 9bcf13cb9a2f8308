'use strict'

// `npm run bench [-- arguments of the benchmark]`

const path = require('node:path')
const { setup } = require('./setup.js')
const { runMain } = require('./setup/failure.js')
const { ensurePackages } = require('./setup/packages.js')
const { ROOT } = require('./setup/paths.js')
const { runInForeground } = require('./setup/run.js')

runMain(async () => {
  await setup({ server: true, optimised: true })
  await ensurePackages(path.join(ROOT, 'bench'))
  process.exitCode = await runInForeground([process.execPath, 'bench/run.js', ...process.argv.slice(2)])
})
