'use strict'

// `npm test`: everything that proves the product, with its own set-up.
// `npm test -- cache lock.spec.ts --test-name-pattern=hit` runs only these Node tests.

const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { setup } = require('./setup.js')
const { adviseOn } = require('./setup/advice.js')
const { Failure, runMain } = require('./setup/failure.js')
const { ROOT } = require('./setup/paths.js')
const { step } = require('./setup/progress.js')
const { runInForeground, runQuietly } = require('./setup/run.js')
const { selectTests } = require('./test-files.js')

/** A URL, so that a test may hand it on to a process in another folder. */
const TYPESCRIPT = pathToFileURL(path.join(ROOT, 'scripts/typescript/register.mjs')).href

/** A file that hangs must not take a whole CI run with it. */
const FILE_TIMEOUT_MS = 10 * 60_000

/** In cargo's test profile: it compiles in half the time of an optimised one, and checks overflows and debug assertions. */
async function rustTests() {
  const title = 'Building the Rust tests'
  await step(title, (detail) =>
    runQuietly(title, ['cargo', 'test', '--tests', '--no-run'], { log: 'cargo-test.log', onLine: detail, advise: adviseOn }),
  )
  return runInForeground(['cargo', 'test', '--tests', '--quiet'])
}

runMain(async () => {
  const args = process.argv.slice(2)
  const flags = args.filter((arg) => arg.startsWith('-'))
  const names = args.filter((arg) => !arg.startsWith('-'))
  const files = selectTests(names)
  await setup({ server: true })

  const rust = args.length === 0 ? await rustTests() : 0
  const options = ['--test', '--test-reporter=spec', `--test-timeout=${FILE_TIMEOUT_MS}`, ...flags]
  const node = await runInForeground([process.execPath, '--enable-source-maps', '--import', TYPESCRIPT, ...options, ...files])
  // The Node tests come last, so their counts close the output; a failure further up must not scroll away unseen.
  if (rust !== 0) throw new Failure('The Rust tests failed; see above, or run: cargo test')
  process.exitCode = node
})
