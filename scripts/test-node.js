'use strict'

const os = require('node:os')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { ROOT } = require('./setup/paths.js')

/** A URL, so that a test may hand it on to a process in another folder. */
const TYPESCRIPT = pathToFileURL(path.join(ROOT, 'scripts/typescript/register.mjs')).href

/** A file that hangs must not take a whole CI run with it. */
const FILE_TIMEOUT_MS = 10 * 60_000

/** One more than there are cores: most of a test is waiting, so a core is not kept busy by one file. */
const FILES_AT_A_TIME = os.availableParallelism() + 1

/**
 * The command that runs the Node tests.
 * @param {string[]} args further flags, and the files
 */
function nodeTests(args) {
  const options = ['--test', '--test-reporter=spec', `--test-timeout=${FILE_TIMEOUT_MS}`, `--test-concurrency=${FILES_AT_A_TIME}`]
  return [process.execPath, '--enable-source-maps', '--import', TYPESCRIPT, ...options, ...args]
}

module.exports = { nodeTests }
