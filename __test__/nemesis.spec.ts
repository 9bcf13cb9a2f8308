import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { nemesis } from './support/nemesis'

const WORLDS = ['single', 'forgetful', 'failover', 'replicated', 'quorum']

describe('locks of several processes, while what can go wrong does', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nemesis-'))
  after(() => fs.rmSync(folder, { recursive: true }))

  test('keep every promise in every world', async (t) => {
    const { code, output } = await nemesis('--minutes', '0.5', '--picture', path.join(folder, 'intervals.svg'))
    t.diagnostic(/npm run nemesis -- .*--seed \d+/.exec(output)?.[0] ?? 'no seed')
    assert.equal(code, 0, output)
    const parts = output.split(/^(?=\w+: the same faults again by)/m)
    assert.deepEqual(parts.map((part) => part.split(':')[0]), WORLDS, output)
    for (const [i, part] of parts.entries()) {
      // One fault at least; and something was held, so that there was a promise to keep.
      assert.match(part, /^ +\d\d:\d\d\.\d +#1 .*all acquired anew \d+\.\d\d s after$/m, output)
      assert.ok(Number(/(\d+) mutex/.exec(part)?.[1]) > 0, output)
      assert.match(part, new RegExp(`^ +kept every promise on ${WORLDS[i]}$`, 'm'), output)
      const [, picture] = /^ +picture: (.*)$/m.exec(part)!
      assert.match(fs.readFileSync(picture!, 'utf8'), /^<svg [^]*every promise kept[^]*<title>p\d[^]*<\/svg>/)
    }
    assert.match(parts[0]!, /\d+ semaphore/, output)
    assert.match(parts[0]!, /\d+ read/, output)
    assert.match(parts[0]!, /\d+ write/, output)
    assert.match(parts[0]!, /; \d\.\d commands a hand-over, calm$/m, output)
    assert.match(output, /^kept every promise; again by: npm run nemesis -- --minutes 0\.5 --seed \d+$/m)
  })

  test('are refused to be looked at with a wrong argument, which is named', async () => {
    const { code, output } = await nemesis('--world', 'nowhere')
    assert.equal(code, 2, output)
    assert.match(output, /--world must be one of single, .*, not nowhere\nnpm run nemesis/)
  })
})
