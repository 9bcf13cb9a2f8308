'use strict'

// `npm run demo [-- arguments of the demo]`

const { setup } = require('./setup.js')
const { runMain } = require('./setup/failure.js')
const { runInForeground } = require('./setup/run.js')

runMain(async () => {
  await setup()
  process.exitCode = await runInForeground([process.execPath, 'examples/demo/main.js', ...process.argv.slice(2)])
})
