'use strict'

// `npm run nemesis [-- --minutes N --seed S --world single|forgetful|failover|replicated|quorum --picture FILE.svg]`

const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { setup } = require('./setup.js')
const { runMain } = require('./setup/failure.js')
const { ROOT } = require('./setup/paths.js')
const { runInForeground } = require('./setup/run.js')

const href = (file) => pathToFileURL(path.join(ROOT, file)).href

runMain(async () => {
  await setup({ server: true })
  const flags = ['--enable-source-maps', '--import', href('scripts/typescript/register.mjs'), '--test-reporter', href('soak/silent-reporter.mjs')]
  process.exitCode = await runInForeground([process.execPath, ...flags, path.join(ROOT, 'nemesis/main.ts'), ...process.argv.slice(2)])
})
