import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { TestServer } from '../testing.js'
import { runClient, workerOf } from './support/bridge-child'
import { fakeServer, realServer } from './support/servers'

let server: TestServer
before(async () => void (server = await realServer()))
after(() => server.stop())

/** Defines `threads()`, how many I/O threads the process has, and `become(n)`, which waits for that. */
const COUNT = `
  const fs = require('node:fs')
  const nameOf = (task) => {
    try {
      return fs.readFileSync('/proc/self/task/' + task + '/comm', 'utf8').trim()
    } catch {
      return 'ended'
    }
  }
  const threads = () => fs.readdirSync('/proc/self/task').filter((task) => nameOf(task) === 'redwright-io').length
  const become = async (n) => {
    for (const deadline = Date.now() + 30_000; threads() !== n; ) {
      if (Date.now() > deadline) throw new Error(threads() + ' I/O threads, not ' + n)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return n
  }
`

describe('the I/O thread', { skip: process.platform !== 'linux' }, () => {
  test('is one for all clients and workers, ends with the last client, and comes again', async () => {
    const child = runClient(
      server.url,
      `${COUNT}
      const { once } = require('node:events')
      const seen = [threads()]
      const clients = await Promise.all(Array.from({ length: 10 }, () => Redis.connect(url)))
      seen.push(threads())
      const workers = Array.from({ length: 3 }, () => ${workerOf(`
        const clients = await Promise.all([Redis.connect(url), Redis.connect(url)])
        parentPort.once('message', () => Promise.all(clients.map((redis) => redis.close())))
        post(await clients[0].ping())
      `)})
      await Promise.all(workers.map((worker) => once(worker, 'message')))
      seen.push(threads())
      await Promise.all(clients.map((redis) => redis.close()))
      seen.push(threads())
      const exits = workers.map((worker) => once(worker, 'exit'))
      for (const worker of workers) worker.postMessage('close')
      await Promise.all(exits)
      seen.push(await become(0))
      const again = await Redis.connect(url)
      seen.push(await again.ping(), threads())
      await again.close()
      seen.push(await become(0))
      report(seen)`,
    )
    assert.deepEqual(await child.ended, { code: 0, reports: [[0, 1, 1, 1, 0, 'PONG', 1, 0]], stderr: '' })
  })

  test('ends when the last worker with a client is terminated', async () => {
    const child = runClient(
      server.url,
      `${COUNT}
      const { once } = require('node:events')
      const worker = ${workerOf(`
        const redis = await Redis.connect(url)
        post('connected')
        for (;;) await redis.ping()
      `)}
      await once(worker, 'message')
      const seen = [threads()]
      await worker.terminate()
      seen.push(await become(0))
      report(seen)`,
    )
    assert.deepEqual(await child.ended, { code: 0, reports: [[1, 0]], stderr: '' })
  })

  test('ends also when that worker had calls pending that nobody answers', async () => {
    await using silent = await fakeServer()
    const child = runClient(
      silent.url,
      `${COUNT}
      const { once } = require('node:events')
      const worker = ${workerOf(`
        const redis = new Redis({ url, commandTimeout: '5m', connectTimeout: '5m' })
        for (let i = 0; i < 100; i++) redis.ping()
        setImmediate(() => post('asked'))
      `)}
      await once(worker, 'message')
      // It names itself when it first runs, which may be later; and a thread that it starts for a name look-up bears its name at first.
      const seen = [await become(1)]
      await worker.terminate()
      seen.push(await become(0))
      report(seen)`,
    )
    assert.deepEqual(await child.ended, { code: 0, reports: [[1, 0]], stderr: '' })
  })

  test('clients that come and go in quick succession are all served', async () => {
    const child = runClient(
      server.url,
      `${COUNT}
      const turn = async (i) => {
        for (let n = 0; n < 40; n++) {
          const redis = new Redis(url)
          if ((await redis.command('ECHO', i + ':' + n)) !== i + ':' + n) throw new Error('a wrong answer')
          await redis.close()
        }
      }
      // One after the other, where a new thread begins while the old one ends; and some at once.
      await turn(0)
      await Promise.all([1, 2, 3].map(turn))
      report(await become(0))`,
    )
    assert.deepEqual(await child.ended, { code: 0, reports: [0], stderr: '' })
  })
})
