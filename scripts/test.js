'use strict'

// `npm test`: everything that proves the product, with its own set-up.
// `npm test -- cache lock.spec.ts --test-name-pattern=hit` runs only these Node tests.

const { setup } = require('./setup.js')
const { adviseOn } = require('./setup/advice.js')
const { Failure, runMain } = require('./setup/failure.js')
const { step } = require('./setup/progress.js')
const { runInForeground, runQuietly } = require('./setup/run.js')
const { drivesBrowser, selectTests } = require('./test-files.js')
const { nodeTests } = require('./test-node.js')

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
  await setup({ server: true, browser: files.some(drivesBrowser) })

  const rust = args.length === 0 ? await rustTests() : 0
  const node = await runInForeground(nodeTests([...flags, ...files]))
  // The Node tests come last, so their counts close the output; a failure further up must not scroll away unseen.
  if (rust !== 0) throw new Failure('The Rust tests failed; see above, or run: cargo test')
  process.exitCode = node
})
