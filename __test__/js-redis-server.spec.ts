import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startServer } from '../testing.js'
import { assertLoopbackOnly } from './support/machine'
import { NOTHING_INSTALLED, runNode, WORKER } from './support/node'
import { ask, passwordOf } from './support/wire'

describe('js-redis-server', () => {
  test('stands in where nothing is installed, and says so', async () => {
    const child = runNode(`report(await embeddedUrl())`, NOTHING_INSTALLED)
    assert.match(await child.report, /^redis:\/\/:[0-9a-f]{32}@127\.0\.0\.1:\d+$/)
    const { code, stderr } = await child.ended
    assert.equal(code, 0)
    assert.match(stderr, /^redwright: embedded:\/\/ is js-redis-server 0\.3\.0 \(in this process[^\n]*\n$/)
  })

  test('is on loopback only, behind a password, and answers', async () => {
    const server = await startServer({ binary: 'js-redis-server' })
    try {
      assert.deepEqual([server.product, server.version, server.pid], ['js-redis-server', '0.3.0', process.pid])
      await assertLoopbackOnly(server.port!)
      assert.match(await ask(server, 'SET a b\r\n', /\r\n/), /^-NOAUTH/)
      const commands = `HELLO 3 AUTH default ${passwordOf(server)}\r\nSET a b\r\nGET a\r\n`
      assert.match(await ask(server, commands, /b\r\n$/), /\+OK\r\n\$1\r\nb\r\n$/)
    } finally {
      await Promise.all([server.stop(), server.stop()])
    }
    await assert.rejects(ask(server, 'PING\r\n', /\r\n/), { code: 'ECONNREFUSED' })
  })

  test('stop() does not wait for those who are connected', async () => {
    const server = await startServer({ binary: 'js-redis-server' })
    const answer = ask(server, `AUTH ${passwordOf(server)}\r\nBLPOP nothing 0\r\nPING\r\n`, /PONG/)
    await ask(server, 'PING\r\n', /\r\n/)
    await server.stop()
    assert.doesNotMatch(await answer.catch(String), /PONG/)
  })

  test('does not keep the process alive, not even with a connection open', async () => {
    const child = runNode(`
      const server = await startServer({ binary: 'js-redis-server' })
      const socket = require('node:net').connect(server.port, server.host)
      socket.once('data', () => report('answered') && socket.unref()).write('PING\\r\\n')
    `)
    assert.equal(await child.report, 'answered')
    assert.equal((await child.ended).code, 0)
  })

  test('ends with the thread that started it, and whoever asks next starts anew', async () => {
    const body = `
      const worker = ${WORKER}
      const first = await new Promise((resolve) => worker.once('message', resolve))
      const shared = await embeddedUrl()
      await worker.terminate()
      report([first, shared, await embeddedUrl()])
    `
    const [first, shared, second] = await runNode(body, { REDWRIGHT_SERVER: 'js-redis-server' }).report
    assert.equal(shared, first)
    assert.notEqual(second, first)
  })

  test('takes no arguments for a server program', async () => {
    await assert.rejects(startServer({ binary: 'js-redis-server', args: ['--maxmemory', '1mb'] }), /js-redis-server takes none/)
  })
})
