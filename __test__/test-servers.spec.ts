import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, test } from 'node:test'
import { remove, tempFolder } from './support/packed'
import { root } from './support/root'

const load = createRequire(import.meta.url)
const { findProgram } = load('../lib/embedded/find.js')
const { selectSuites } = load('../scripts/servers/suites.js')

async function testServers(...args: string[]): Promise<{ code: number; output: string }> {
  // A test run inside a test run tells its parent, unless it does not know of it.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined }
  const child = spawn(process.execPath, ['scripts/test-servers.js', ...args], { cwd: root, env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  const [code] = await once(child, 'close')
  return { code, output }
}

describe('npm run test:servers', () => {
  test('runs what depends on the server, and nothing else unless it is named', () => {
    const files: string[] = selectSuites([])
    for (const name of ['cache', 'repository', 'redis', 'client-faults']) assert.ok(files.includes(`__test__/${name}.spec.ts`), name)
    for (const name of ['bridge-exit', 'package', 'testing', 'hostile-replies', 'types']) assert.ok(!files.includes(`__test__/${name}.spec.ts`), name)
    assert.deepEqual(selectSuites(['bridge-exit']), ['__test__/bridge-exit.spec.ts'])
  })

  test('says how to get a server that is asked for and absent', async () => {
    const { code, output } = await testServers('--server', '/no/such/server')
    assert.equal(code, 1)
    assert.match(output, /There is no server program '\/no\/such\/server'[^]*--get --server valkey-9\.1/)
  })

  test('refuses what it does not know', async () => {
    const { code, output } = await testServers('--fetch')
    assert.equal(code, 1)
    assert.match(output, /--fetch[^]*npm run test:servers -- \[--get\]/)
  })

  test('tells in a table what passed and failed on each server, and its code is that of the worst', async () => {
    const folder = await tempFolder()
    try {
      // A server that lacks a command, so that some test fails there, and there only.
      const program = path.join(folder, 'lacking-server')
      fs.writeFileSync(program, `#!/bin/sh\nexec '${findProgram()}' "$@" --rename-command EXISTS ''\n`, { mode: 0o755 })
      const both = ['--server', 'sound', '--server', program, 'repository', '--test-name-pattern', 'keeps records by id']
      const args = both.map((arg) => (arg === 'sound' ? findProgram() : arg))
      const { code, output } = await testServers(...args)
      const row = (name: string) => new RegExp(`^${name} +(?:redis|valkey)-server +\\d\\S+ +(\\d+) +(\\d+) +\\d+$`, 'm').exec(output)?.slice(1).map(Number)
      const [passed, failed] = row(path.basename(findProgram())) ?? []
      assert.ok(passed! > 0 && failed === 0, output)
      const [, lacking] = row('lacking-server') ?? []
      assert.ok(lacking! > 0, output)
      assert.match(output, /^Failed on \S+ \S+ \(lacking-server\); the whole log: target/m)
      assert.equal(code, 1)
    } finally {
      await remove(folder)
    }
  })
})
