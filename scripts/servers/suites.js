'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('../setup/paths.js')
const { selectTests } = require('../test-files.js')

/** What starts a server of its own choice, in a test. */
const STARTS_ONE = /\b(onEveryBackend|realServer|MortalServer|TestCluster|TestSentinel|TlsServer)\b/

/** These are about the process, the package or our tools: what the server is makes no difference. */
const ABOUT_US = /^__test__\/(bad-input|bridge|demo|embedded|hostile|package|scripts|support|testing)[-.]/

/**
 * The test files whose outcome may depend on the server.
 * @param {string[]} names as `npm test` takes them; none for all
 */
function selectSuites(names) {
  const files = selectTests(names)
  if (names.length > 0) return files
  return files.filter((file) => !ABOUT_US.test(file) && STARTS_ONE.test(fs.readFileSync(path.join(ROOT, file), 'utf8')))
}

module.exports = { selectSuites }
