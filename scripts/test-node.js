'use strict'

const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { ROOT } = require('./setup/paths.js')

/** A URL, so that a test may hand it on to a process in another folder. */
const TYPESCRIPT = pathToFileURL(path.join(ROOT, 'scripts/typescript/register.mjs')).href

/** A file that hangs must not take a whole CI run with it. */
const FILE_TIMEOUT_MS = 10 * 60_000

/**
 * The command that runs the Node tests.
 * @param {string[]} args further flags, and the files
 */
function nodeTests(args) {
  const options = ['--test', '--test-reporter=spec', `--test-timeout=${FILE_TIMEOUT_MS}`]
  return [process.execPath, '--enable-source-maps', '--import', TYPESCRIPT, ...options, ...args]
}

module.exports = { nodeTests }
