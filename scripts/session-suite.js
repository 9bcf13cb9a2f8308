'use strict'

// `node scripts/session-suite.js <folder of expressjs/session> [--cluster]`: the suite of express-session over our store, in the place of its MemoryStore.

const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { setup } = require('./setup.js')
const { runMain } = require('./setup/failure.js')
const { ROOT } = require('./setup/paths.js')
const { runInForeground } = require('./setup/run.js')

const href = (file) => pathToFileURL(path.join(ROOT, file)).href

runMain(async () => {
  await setup({ server: true })
  // The cluster is that of the tests, which are TypeScript and would report what they are.
  const flags = ['--import', href('scripts/typescript/register.mjs'), '--test-reporter', href('soak/silent-reporter.mjs')]
  process.exitCode = await runInForeground([process.execPath, ...flags, path.join(ROOT, 'scripts/session-suite/main.js'), ...process.argv.slice(2)])
})
