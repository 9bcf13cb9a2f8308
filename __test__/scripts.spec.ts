import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { remove, tempFolder } from './support/packed'

const load = createRequire(import.meta.url)
const { adviseOn } = load('../scripts/setup/advice.js')
const { Failure } = load('../scripts/setup/failure.js')
const { packagesAreFresh } = load('../scripts/setup/packages.js')
const { formatElapsed } = load('../scripts/setup/progress.js')
const { runQuietly } = load('../scripts/setup/run.js')
const { compareVersions } = load('../scripts/setup/toolchain.js')
const { selectTests } = load('../scripts/test-files.js')

describe('the set-up', () => {
  let folder: string
  before(async () => {
    folder = await tempFolder()
    await mkdir(path.join(folder, 'node_modules'))
  })
  after(() => remove(folder))

  const lock = (file: string, packages: object) => writeFile(path.join(folder, file), JSON.stringify({ packages }))

  it('installs packages only where they differ from the lock file', async () => {
    const installed = 'node_modules/.package-lock.json'
    await lock('package-lock.json', {
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/a-other-platform': { version: '1.0.0', optional: true },
    })
    assert.equal(packagesAreFresh(folder), false, 'nothing is installed')
    await lock(installed, { 'node_modules/a': { version: '1.0.0' } })
    assert.equal(packagesAreFresh(folder), true)
    await lock(installed, { 'node_modules/a': { version: '1.0.1' } })
    assert.equal(packagesAreFresh(folder), false, 'another version')
    await lock(installed, {})
    assert.equal(packagesAreFresh(folder), false, 'one is missing')
  })

  it('explains a failure by the end of its log and what to do', async () => {
    const script = 'for (let i = 0; i < 100; i++) console.log("line " + i); console.error("ENOSPC: no space"); process.exit(3)'
    const failing = runQuietly('The step', [process.execPath, '-e', script], { log: 'scripts.spec.log', advise: adviseOn })
    await assert.rejects(failing, (error: any) => {
      assert.ok(error instanceof Failure)
      const text = (error as any).explain()
      assert.match(text, /The step failed: it ended with code 3/)
      assert.match(text, / {2}line 99\n {2}ENOSPC[^]*The whole log: \S+scripts\.spec\.log[^]*What to do: free some disk space/)
      assert.doesNotMatch(text, /line 50\b/)
      return true
    })
  })

  it('explains a program that cannot be started', async () => {
    const failing = runQuietly('The step', ['no-such-program-redwright'], { log: 'scripts.spec.log' })
    await assert.rejects(failing, /could not be started.*ENOENT/)
  })

  it('compares versions by number', () => {
    assert.ok(compareVersions('1.100.0', '1.95') > 0)
    assert.ok(compareVersions('1.94.9', '1.95') < 0)
    assert.equal(compareVersions('1.95.0', '1.95'), 0)
    assert.ok(compareVersions('2.0.0', '1.95') > 0)
  })

  it('tells time as people do', () => {
    assert.deepEqual([0, 999, 59_400, 60_000, 125_000].map(formatElapsed), ['0 s', '1 s', '59 s', '1 min 0 s', '2 min 5 s'])
  })
})

describe('npm test -- names', () => {
  it('selects by path, by folder and by a part of the name', () => {
    assert.deepEqual(selectTests(['__test__/scripts.spec.ts']), ['__test__/scripts.spec.ts'])
    assert.deepEqual(selectTests(['stable-key.spec', 'stable-key']), ['__test__/stable-key.spec.ts'])
    assert.deepEqual(selectTests(['__test__']), selectTests([]))
    assert.ok(selectTests([]).length > 1)
  })

  it('refuses a name that means nothing, and lists what there is', () => {
    assert.throws(() => selectTests(['no-such-test']), (error: any) => /scripts\.spec\.ts/.test(error.explain()))
  })
})
