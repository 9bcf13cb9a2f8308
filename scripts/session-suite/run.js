'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { Failure } = require('../setup/failure.js')

const HOOK = path.join(__dirname, 'hook.js')

/**
 * One run of the suite, with the flags of its own `npm test`.
 * @param {string} folder
 * @param {object} redis what a client needs
 */
async function runSuite(folder, redis) {
  const temp = fs.mkdtempSync(path.join(os.tmpdir(), 'session-suite-'))
  const report = path.join(temp, 'report.json')
  try {
    const flags = ['--require', 'test/support/env', '--require', HOOK, '--check-leaks', '--exit', '--reporter', 'json', '--reporter-option', `output=${report}`]
    const env = { ...process.env, SESSION_SUITE: folder, SESSION_SUITE_REDIS: JSON.stringify(redis) }
    const mocha = spawn(process.execPath, [path.join(folder, 'node_modules/mocha/bin/mocha.js'), ...flags, 'test/'], { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit'] })
    await once(mocha, 'exit')
    if (!fs.existsSync(report)) throw new Failure('mocha ended without a report; what it said is above.')
    return read(report)
  } finally {
    fs.rmSync(temp, { recursive: true, force: true })
  }
}

/** @param {string} report of mocha's reporter `json` */
function read(report) {
  const { stats, failures } = JSON.parse(fs.readFileSync(report, 'utf8'))
  return {
    passed: stats.passes,
    failed: stats.failures,
    failures: failures.map(({ fullTitle, err }) => ({ title: fullTitle, message: String(err.message).split('\n')[0] })),
  }
}

module.exports = { runSuite }
