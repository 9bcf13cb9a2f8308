import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import path from 'node:path'
import { test } from 'node:test'
import { root } from './support/root'
import { realServer } from './support/servers'

const vitest = path.join(path.dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')

test("Keyv's own suite passes", { timeout: 180_000 }, async (t) => {
  const server = await realServer()
  t.after(() => server.stop())
  const args = ['run', '--reporter=json', '--no-cache', '--dir', '__test__/keyv', '--config', '__test__/keyv/vitest.config.mjs']
  const report = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      [vitest, ...args],
      { cwd: root, env: environment(server.url), maxBuffer: 16 << 20 },
      // It exits with 1 where a test failed; its report tells which.
      (_error, stdout, stderr) => resolve(stdout || stderr),
    )
  })
  assert.match(report, /^\{/, report)
  const { numTotalTests, numPassedTests, testResults } = JSON.parse(report)
  const failed = testResults.flatMap((file: any) =>
    [...file.assertionResults.filter((one: any) => one.status !== 'passed'), ...(file.message ? [file] : [])].map(
      (one: any) => `${one.fullName ?? one.name}: ${one.failureMessages?.join('\n') ?? one.message}`,
    ),
  )
  assert.deepEqual(failed, [])
  assert.ok(numTotalTests > 35, `only ${numTotalTests} tests ran`)
  assert.equal(numPassedTests, numTotalTests)
})

/** Ours, without what the test runner and its loader put into it. */
function environment(url: string) {
  const kept = Object.entries(process.env).filter(([name]) => name !== 'NODE_OPTIONS' && !/^(NODE_TEST|VITEST)/.test(name))
  return { ...Object.fromEntries(kept), REDWRIGHT_KEYV_URL: url }
}
