'use strict'

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { ROOT, WORK, shown } = require('../setup/paths.js')
const { step } = require('../setup/progress.js')
const { nodeTests } = require('../test-node.js')

/**
 * @typedef {{ name: string, product: string, version: string, passed: number, failed: number, skipped: number, log: string }} Result
 */

/**
 * Runs test files against one server and counts.
 * @param {import('./choose.js').Server} server
 * @param {string[]} files
 * @param {string[]} flags of `node --test`
 * @returns {Promise<Result>}
 */
async function testServer({ name, program }, files, flags) {
  const log = path.join(WORK, `server-${name}.log`)
  const { product, version } = await identify(program)
  await step(`Testing ${product} ${version} (${name})`, (detail) => runTests(program, files, flags, log, detail))
  const output = fs.readFileSync(log, 'utf8')
  const count = (what) => Number(new RegExp(`^ℹ ${what} (\\d+)$`, 'm').exec(output)?.[1] ?? NaN)
  const failed = count('fail') + count('cancelled')
  return { name, product, version, passed: count('pass'), failed: Number.isNaN(failed) ? 1 : failed, skipped: count('skipped'), log: shown(log) }
}

/** What the server says it is, when the product starts it. */
async function identify(program) {
  // Loads the native core, which the set-up has built by now.
  const { startServer } = require('../../testing.js')
  const server = await startServer({ binary: program })
  await server.stop()
  return server
}

/** Its exit code says no more than the counts do. */
async function runTests(program, files, flags, log, detail) {
  const [node, ...args] = nodeTests([...flags, ...files])
  const child = spawn(node, args, { cwd: ROOT, env: { ...process.env, REDWRIGHT_SERVER: program, NO_COLOR: '1', FORCE_COLOR: undefined }, stdio: ['ignore', 'pipe', 'pipe'] })
  const file = fs.createWriteStream(log)
  for (const stream of [child.stdout, child.stderr]) {
    stream.pipe(file, { end: false })
    stream.setEncoding('utf8').on('data', (text) => detail(text.trim().split('\n').pop()))
  }
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  await new Promise((resolve) => file.end(resolve))
}

/** The titles of the tests that failed, from the end of a log. */
function failuresOf({ log }) {
  const [, list = ''] = fs.readFileSync(path.resolve(ROOT, log), 'utf8').split(/^✖ failing tests:$/m)
  return [...list.matchAll(/^test at (\S+)\n✖ (.*)$/gm)].map(([, place, title]) => `  ${title}  ${place}`)
}

module.exports = { testServer, failuresOf }
