'use strict'

// `npm run lint`: what can be checked without running the product. Every check runs, so that one call shows all that is wrong.

const { setup } = require('./setup.js')
const { adviseOn } = require('./setup/advice.js')
const { Failure, runMain } = require('./setup/failure.js')
const { binOf } = require('./setup/paths.js')
const { step } = require('./setup/progress.js')
const { runQuietly } = require('./setup/run.js')

/** @returns {{ title: string, log: string, command: string[], advice?: string }[]} */
function checks() {
  const node = process.execPath
  return [
    { title: 'rustfmt', log: 'rustfmt.log', command: ['cargo', 'fmt', '--check'], advice: 'npm run format' },
    { title: 'oxlint', log: 'oxlint.log', command: [node, binOf('oxlint'), '--deny-warnings'] },
    { title: 'types of lib/', log: 'tsc.log', command: [node, binOf('typescript', 'tsc'), '-p', '.'] },
    { title: 'types of the tests', log: 'tsc-tests.log', command: [node, binOf('typescript', 'tsc'), '-p', '__test__'] },
    { title: 'clippy', log: 'clippy.log', command: ['cargo', 'clippy', '--all-targets', '--', '-D', 'warnings'] },
  ]
}

runMain(async () => {
  await setup()
  const failures = []
  for (const { title, log, command, advice } of checks()) {
    await step(title, (detail) =>
      runQuietly(title, command, { log, onLine: detail, advise: (output) => advice ?? adviseOn(output) }),
    ).catch((failure) => failures.push(failure))
  }
  for (const failure of failures) console.error(failure.explain())
  if (failures.length > 0) throw new Failure(`${failures.length} of ${checks().length} checks failed.`)
})
