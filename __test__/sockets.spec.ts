import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { Redis } from '../index.js'
import { realServer } from './support/servers'

const LONGEST = process.platform === 'linux' ? 107 : 103

describe('a unix socket', { skip: process.platform === 'win32' }, async () => {
  const server = await realServer()
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 's-'))
  after(async () => {
    await server.stop()
    fs.rmSync(folder, { recursive: true })
  })
  const at = (name: string) => path.join(folder, name)

  for (const name of ['a b', 'ä€😀', 'q?a=b&c#d', '100%', '%20', `it's "it"`, 'a:b@c', '\\', '[x]', 'a\tb\nc', ';:+', '..x']) {
    test(`with the name ${JSON.stringify(name)}, by path and by URL, over both protocols`, async () => {
      // A link leads to a socket as a name does.
      fs.symlinkSync(server.path!, at(name))
      const inUrl = at(name).split('/').map(encodeURIComponent).join('/')
      for (const options of [{ path: at(name) }, { url: `redis+unix://${inUrl}` }, { url: `unix://${inUrl}?db=3` }]) {
        for (const protocol of [2, 3] as const) {
          await using redis = await Redis.connect({ ...options, protocol })
          assert.equal(await redis.ping(), 'PONG')
        }
      }
    })
  }

  test('with the longest path that a system takes, and with one that is longer', async () => {
    const padded = (length: number) => at('x'.repeat(length - folder.length - 1))
    fs.symlinkSync(server.path!, padded(LONGEST))
    await using redis = await Redis.connect({ path: padded(LONGEST) })
    assert.equal(await redis.ping(), 'PONG')
    const message = `options.path must be at most ${LONGEST} bytes, got ${LONGEST + 1}`
    for (const options of [{ path: padded(LONGEST + 1) }, { url: `unix://${padded(LONGEST + 1)}` }]) {
      assert.throws(() => new Redis(options), { name: 'RangeError', code: 'ERR_INVALID_ARG', message })
    }
    assert.throws(() => new Redis({ path: '/' + 'ä'.repeat(60) }), { message: `options.path must be at most ${LONGEST} bytes, got 121` })
  })

  test('that is none, is not there, or may not be opened', async () => {
    fs.writeFileSync(at('file'), '')
    fs.mkdirSync(at('folder'))
    for (const [name, message] of [['file', 'Connection refused'], ['folder', 'Connection refused'], ['nothing', 'No such file or directory'], ['file/x', 'Not a directory']] as const) {
      await assert.rejects(Redis.connect({ path: at(name) }), { code: 'ERR_UNAVAILABLE', retryable: true, message: `${at(name)}: ${message}` })
    }
  })
})
