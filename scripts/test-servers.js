'use strict'

// `npm run test:servers`: the behaviours on every server that is found here; docs/servers.md says more.
// `npm run test:servers -- --get` fetches some first; `-- --server PATH-OR-NAME cache` runs the files named so on this one only.

const { parseArgs } = require('node:util')
const { setup } = require('./setup.js')
const { Failure, runMain } = require('./setup/failure.js')
const { chooseServers } = require('./servers/choose.js')
const { failuresOf, testServer } = require('./servers/run.js')
const { selectSuites } = require('./servers/suites.js')

const OPTIONS = /** @type {const} */ ({
  server: { type: 'string', multiple: true, default: [] },
  get: { type: 'boolean', default: false },
  'test-name-pattern': { type: 'string' },
})

function given() {
  try {
    return parseArgs({ options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new Failure(error.message, { advice: 'npm run test:servers -- [--get] [--server PATH-OR-NAME …] [--test-name-pattern TEXT] [part of a file name …]' })
  }
}

/** @param {string[][]} rows */
function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd()).join('\n')
}

runMain(async () => {
  const { values, positionals } = given()
  const files = selectSuites(positionals)
  const pattern = values['test-name-pattern']
  const flags = pattern === undefined ? [] : [`--test-name-pattern=${pattern}`]
  const servers = await chooseServers({ asked: values.server, get: values.get })
  await setup()
  const results = []
  // One after the other, since their tests wait for conditions and a busy machine keeps them waiting.
  for (const server of servers) results.push(await testServer(server, files, flags))
  for (const result of results.filter(({ failed }) => failed > 0)) {
    console.log(`\nFailed on ${result.product} ${result.version} (${result.name}); the whole log: ${result.log}\n${failuresOf(result).join('\n')}`)
  }
  const rows = results.map(({ name, product, version, passed, failed, skipped }) => [name, product, version, passed, failed, skipped].map(String))
  console.log(`\n${files.length} test files\n\n${table([['server', 'product', 'version', 'passed', 'failed', 'skipped'], ...rows])}`)
  // Where nothing ran, nothing is known.
  if (results.some(({ passed, failed }) => failed > 0 || passed === 0)) process.exitCode = 1
})
