'use strict'

// `npm run test:next`: the example in examples/next, packed, installed, built in every way, and driven over HTTP and in a browser; about ten minutes.
// `npm run test:next -- parity` runs the files named so; `-- --serve` builds it and keeps two instances up to click around in.

const fs = require('node:fs')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { setup } = require('./setup.js')
const { Failure, runMain } = require('./setup/failure.js')
const { ROOT } = require('./setup/paths.js')
const { runInForeground } = require('./setup/run.js')

const FOLDER = path.join(__dirname, 'test-next')
/** A file that hangs must not take a whole CI run with it. */
const FILE_TIMEOUT_MS = 20 * 60_000

const href = (file) => pathToFileURL(path.join(ROOT, file)).href
const node = [process.execPath, '--enable-source-maps', '--import', href('scripts/typescript/register.mjs')]

/** @param {string[]} names */
function selectFiles(names) {
  const all = fs.readdirSync(FOLDER).filter((name) => name.endsWith('.spec.ts'))
  const files = names.length === 0 ? all : all.filter((file) => names.some((name) => file.includes(name)))
  if (files.length === 0) throw new Failure(`No test file matches ${names.join(', ')}.`, { advice: `choose from: ${all.join(', ')}` })
  return files.sort().map((file) => path.join(FOLDER, file))
}

runMain(async () => {
  const args = process.argv.slice(2)
  const flags = args.filter((arg) => arg.startsWith('-') && arg !== '--serve')
  const names = args.filter((arg) => !arg.startsWith('-'))
  const isToServe = args.includes('--serve')
  const files = selectFiles(names)
  await setup({ server: true, browser: !isToServe })
  process.exitCode = isToServe
    // What it uses is the tests', which would report what they are.
    ? await runInForeground([...node, '--test-reporter', href('soak/silent-reporter.mjs'), path.join(FOLDER, 'serve.ts')])
    // One at a time: a build takes all cores there are.
    : await runInForeground([...node, '--test', '--test-reporter=spec', `--test-timeout=${FILE_TIMEOUT_MS}`, '--test-concurrency=1', ...flags, ...files])
})
