'use strict'

// `node scripts/cache-tests.js FOLDER [--record] [--heuristic] [--id TEST]`: the public suite of HTTP caches, http-tests/cache-tests, against `cacheMiddleware`.
// FOLDER is a clone of it in which `npm install liquidjs marked undici@7` was run; nothing is fetched. A test that docs/cache-tests.json has as
// passed and that does not pass any more fails the run. `--record` writes that file. `--id` runs one test and shows both sides' fields.
// `--heuristic` turns on the option of that name, which is off by default, and so in what is recorded.

const fs = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { startServer } = require('./cache-tests/start.js')
const { lostOf, openSuite, recordOf, report } = require('./cache-tests/suite.js')
const { setup } = require('./setup.js')
const { Failure, runMain } = require('./setup/failure.js')
const { ROOT, shown, tryReadJson } = require('./setup/paths.js')
const { step } = require('./setup/progress.js')

const RECORD = path.join(ROOT, 'docs/cache-tests.json')
const ADVICE = 'node scripts/cache-tests.js FOLDER [--record] [--heuristic] [--id TEST]'
const OPTIONS = /** @type {const} */ ({ record: { type: 'boolean', default: false }, heuristic: { type: 'boolean', default: false }, id: { type: 'string' } })

function given() {
  try {
    const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true })
    const [folder] = positionals
    if (positionals.length !== 1 || !fs.existsSync(path.join(folder, 'test-engine/cli.mjs'))) throw new Error('The folder of a clone of http-tests/cache-tests is needed.')
    if (values.record && values.heuristic) throw new Error('What is recorded is what the defaults give.')
    return { ...values, folder: path.resolve(folder) }
  } catch (error) {
    throw new Failure(error.message, { advice: ADVICE })
  }
}

runMain(async () => {
  const { folder, record, heuristic, id } = given()
  await setup({ server: true })
  const suite = await openSuite(folder)
  const server = await startServer(folder, { mode: 'http', heuristic })
  try {
    if (id !== undefined) return void (process.exitCode = await suite.show(server.base, id))
    const results = await step('http-tests/cache-tests, about two minutes', () => suite.run(server.base))
    const before = tryReadJson(RECORD)
    const lost = await lostOf(suite, server.base, before, results)
    console.log(report(suite, results))
    if (record) {
      fs.writeFileSync(RECORD, recordOf(suite, results))
      console.log(`\nWritten: ${shown(RECORD)}`)
    } else if (lost.length > 0) {
      throw new Failure(`Passed before, and does not now: ${lost.join(', ')}`, { advice: `${ADVICE.replace('TEST', lost[0])} shows one.` })
    }
  } finally {
    server.stop()
  }
})
