'use strict'

// The suite itself: its tests, its runner, its judgement.

const { execFile, execFileSync } = require('node:child_process')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { runInForeground } = require('../setup/run.js')

const KINDS = /** @type {const} */ (['required', 'optimal', 'check'])
/** The signs of the suite. */
const SIGNS = { '✅': 'pass', '⛔️': 'fail', '⚠️': 'fail', '🔹': 'setup', '↻': 'retry', '⁉️': 'harness', Y: 'yes', N: 'no', '-': 'untested' }
const MOST_OUTPUT = 64 * 1024 * 1024

/** @typedef {{ id: string, name: string, kind: 'required' | 'optimal' | 'check' }} Test */
/** @typedef {Map<string, { outcome: string, message: string }>} Results */

/** @param {string} folder */
async function openSuite(folder) {
  const load = (/** @type {string} */ file) => import(pathToFileURL(path.join(folder, file)).href)
  const [{ default: groups }, { determineTestResult }] = await Promise.all([load('tests/index.mjs'), load('test-engine/lib/results.mjs')])
  const all = groups.flatMap((/** @type {any} */ group) => group.tests).filter((/** @type {any} */ test) => test.browser_only !== true)
  /** @type {Test[]} */
  const tests = all.map(({ id, name, kind = 'required' }) => ({ id, name, kind }))
  const command = ['--no-warnings', path.join(folder, 'test-engine/cli.mjs')]
  const envOf = (/** @type {string} */ base, id = '') => ({ ...process.env, npm_config_base: base, npm_config_id: id, npm_package_config_id: '' })

  /** @param {any} raw what the runner writes @returns {Results} */
  const judge = (raw) => {
    const resultOf = (/** @type {Test} */ { id }) => {
      const sign = determineTestResult(groups, id, raw, false)[2]
      const message = Array.isArray(raw[id]) ? raw[id].join(': ') : ''
      return /** @type {const} */ ([id, { outcome: SIGNS[/** @type {keyof typeof SIGNS} */ (sign)] ?? sign, message }])
    }
    return new Map(tests.map(resultOf))
  }

  return {
    tests,
    version: versionOf(folder),
    /** @param {string} base the address of the application */
    run: async (base) => judge(JSON.parse(await outputOf(command, { cwd: folder, env: envOf(base) }))),
    /** Whether one test passes. @param {string} base @param {string} id */
    again: async (base, id) => (await outputOf(command, { cwd: folder, env: envOf(base, id) })).includes('\n✅'),
    /** @param {string} base @param {string} id */
    show: (base, id) => runInForeground([process.execPath, ...command], { cwd: folder, env: envOf(base, id) }),
  }
}

/** @typedef {Awaited<ReturnType<typeof openSuite>>} Suite */

/**
 * @param {string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<string>}
 */
function outputOf(args, options) {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { ...options, maxBuffer: MOST_OUTPUT }, (error, stdout) => (error ? reject(error) : resolve(stdout)))
  })
}

/** The commit of a clone; empty for a folder that is none. @param {string} folder */
function versionOf(folder) {
  try {
    return execFileSync('git', ['-C', folder, 'rev-parse', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return ''
  }
}

/**
 * The tests that passed when it was recorded, and do not now. They are run once more, alone: many have to do with time.
 * @param {Suite} suite
 * @param {string} base
 * @param {{ results: Record<string, string> } | undefined} before
 * @param {Results} results
 */
async function lostOf(suite, base, before, results) {
  const lost = []
  for (const { id } of suite.tests) {
    const result = results.get(id)
    if (before?.results[id] !== 'pass' || result === undefined || result.outcome === 'pass') continue
    if (await suite.again(base, id)) Object.assign(result, { outcome: 'pass', message: '' })
    else lost.push(id)
  }
  return lost
}

/**
 * @param {Suite} suite
 * @param {Results} results
 * @param {string} kind
 */
function countOf(suite, results, kind) {
  /** @type {Record<string, number>} */
  const count = { of: 0 }
  for (const { id } of suite.tests.filter((test) => test.kind === kind)) {
    const outcome = results.get(id)?.outcome ?? 'untested'
    count.of++
    count[outcome] = (count[outcome] ?? 0) + 1
  }
  return count
}

/**
 * @param {Suite} suite
 * @param {Results} results
 */
function report(suite, results) {
  const lines = KINDS.map((kind) => {
    const { of, ...counts } = countOf(suite, results, kind)
    const told = Object.entries(counts).map(([outcome, count]) => `${outcome} ${count}`)
    return `${kind.padEnd(8)}  ${String(of).padStart(3)} tests: ${told.sort().toReversed().join(', ')}`
  })
  for (const { id, name, kind } of suite.tests) {
    const { outcome, message } = results.get(id) ?? { outcome: 'untested', message: '' }
    if (kind !== 'check' && outcome !== 'pass') lines.push('', `${outcome} · ${kind} · ${id}`, `  ${name}`, `  ${message}`)
  }
  return lines.join('\n')
}

/**
 * @param {Suite} suite
 * @param {Results} results
 */
function recordOf(suite, results) {
  const scores = Object.fromEntries(KINDS.map((kind) => [kind, countOf(suite, results, kind)]))
  const byId = [...results].map(([id, { outcome }]) => /** @type {const} */ ([id, outcome])).sort(([one], [other]) => (one < other ? -1 : 1))
  return `${JSON.stringify({ suite: 'http-tests/cache-tests', version: suite.version, scores, results: Object.fromEntries(byId) }, null, 2)}\n`
}

module.exports = { lostOf, openSuite, recordOf, report }
