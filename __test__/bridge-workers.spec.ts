import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { Redis } from '../index.js'
import type { TestServer } from '../testing.js'
import { runClient, startWorker, workerOf } from './support/bridge-child'
import { realServer } from './support/servers'
import { until } from './support/until'

const run = promisify(execFile)

let server: TestServer
before(async () => void (server = await realServer()))
after(() => server.stop())

/** The names of the connections that the server has. */
async function connections(): Promise<string[]> {
  await using redis = await Redis.connect(server.url)
  const list = String(await redis.command('CLIENT', 'LIST'))
  return [...list.matchAll(/ name=(\S+)/g)].map(([, name]) => name)
}

/** A worker that keeps 200 calls in flight for ever and tells when the first are answered. */
const BUSY_WORKER = workerOf(`
  const redis = new Redis({ url, connectionName: 'worker' })
  const cache = new TypeSafeCache(redis)
  const loop = async (i) => {
    for (let n = 0; ; n++) {
      await (n % 2 ? cache.set('w' + i, { n }) : cache.get('w' + i))
      if (n === 20) post('busy')
    }
  }
  for (let i = 0; i < 200; i++) loop(i)
`)

describe('a worker thread that is terminated in mid-flight', () => {
  test('50 times, and neither the main thread nor its client notices', async () => {
    const child = runClient(
      server.url,
      `
      const { once } = require('node:events')
      const redis = await Redis.connect({ url, connectionName: 'main' })
      let answers = 0
      let wrong = 0
      let over = false
      const loop = async (i) => {
        for (; !over; answers++) {
          const value = i + ':' + answers
          await redis.command('SET', 'm' + i, value)
          if ((await redis.command('GET', 'm' + i)) !== value) wrong++
        }
      }
      const loops = Array.from({ length: 20 }, (_, i) => loop(i))
      for (let i = 0; i < 25; i++) {
        const workers = [${BUSY_WORKER}, ${BUSY_WORKER}]
        await Promise.all(workers.map((worker) => once(worker, 'message')))
        await Promise.all(workers.map((worker) => worker.terminate()))
      }
      over = true
      await Promise.all(loops)
      report({ wrong, pending: redis.metrics().pending, served: answers > 50 })
      await redis.close()`,
    )
    assert.deepEqual(await child.ended, { code: 0, reports: [{ wrong: 0, pending: 0, served: true }], stderr: '' })
  })

  test('its connections end with it', async () => {
    const child = runClient(
      server.url,
      `
      const { once } = require('node:events')
      const workers = Array.from({ length: 3 }, () => ${BUSY_WORKER})
      await Promise.all(workers.map((worker) => once(worker, 'message')))
      await Promise.all(workers.map((worker) => worker.terminate()))
      report('terminated')
      process.stdin.once('data', () => process.exit(0))`,
    )
    await child.report
    await until('the server has no connection of them', async () => !(await connections()).includes('worker'))
    child.process.stdin!.write('go')
    assert.equal((await child.ended).code, 0)
  })

  test('in a process whose main thread never loaded the package', async () => {
    const script = `
      const { once } = require('node:events');
      (async () => {
        for (let i = 0; i < 10; i++) {
          const worker = ${BUSY_WORKER}
          await once(worker, 'message')
          await worker.terminate()
        }
        console.log('unharmed')
      })()`
    const { stdout } = await run(process.execPath, ['-e', script], { env: { ...process.env, SERVER_URL: server.url } })
    assert.equal(stdout, 'unharmed\n')
  })

  test('process.exit() while workers are busy', async () => {
    const child = runClient(
      server.url,
      `
      const { once } = require('node:events')
      const workers = Array.from({ length: 3 }, () => ${BUSY_WORKER})
      await Promise.all(workers.map((worker) => once(worker, 'message')))
      process.exit(7)`,
    )
    assert.deepEqual(await child.ended, { code: 7, reports: [], stderr: '' })
  })
})

describe('environments that use one configuration at once', () => {
  /** Runs to its end by itself; every answer is looked at where it came. */
  const SCRIPT = (name: string) => `
    const redis = await Redis.connect({ url, connectionName: 'shared', maxPending: 100 })
    let wrong = 0
    await Promise.all(Array.from({ length: 100 }, async (_, i) => {
      for (let n = 0; n < 50; n++) {
        const value = '${name}:' + i + ':' + n
        await redis.command('SET', '${name}:' + i, value)
        if ((await redis.command('GET', '${name}:' + i)) !== value) wrong++
        await redis.command('INCR', 'total')
      }
    }))`

  test('the main thread and two workers each get their own answers, and each has its own limit', async () => {
    await using redis = await Redis.connect({ url: server.url, connectionName: 'shared', maxPending: 100 })
    await redis.command('DEL', 'total')
    const workers = ['a', 'b'].map((name) => startWorker(server.url, `${SCRIPT(name)}; post(wrong); await redis.close()`))
    const messages = workers.map((worker) => once(worker, 'message'))
    const exits = workers.map((worker) => once(worker, 'exit'))
    for (let i = 0; i < 5000; i += 100) {
      const keys = Array.from({ length: 100 }, (_, n) => `main:${i + n}`)
      assert.deepEqual(await Promise.all(keys.map((key) => redis.command('ECHO', key))), keys)
    }
    assert.deepEqual(await Promise.all(messages), [[0], [0]])
    assert.deepEqual(await Promise.all(exits), [[0], [0]])
    assert.equal(Number(await redis.command('GET', 'total')), 10_000)
  })

  test('a client that one of them closes stays open in the other', async () => {
    await using redis = await Redis.connect(server.url)
    const worker = startWorker(server.url, `const redis = await Redis.connect(url); await redis.close(); post(redis.status)`)
    const exit = once(worker, 'exit')
    assert.deepEqual(await once(worker, 'message'), ['closed'])
    assert.deepEqual(await exit, [0])
    assert.equal(await redis.ping(), 'PONG')
  })

  test('a worker without close() ends by itself', async () => {
    const worker = startWorker(server.url, `const redis = await Redis.connect(url); post(await redis.ping())`)
    const exit = once(worker, 'exit')
    assert.deepEqual(await once(worker, 'message'), ['PONG'])
    assert.deepEqual(await exit, [0])
  })

  test('a worker is served while the main thread is blocked', async () => {
    await using redis = await Redis.connect(server.url)
    const flag = new Int32Array(new SharedArrayBuffer(4))
    const worker = startWorker(
      server.url,
      `
      const redis = await Redis.connect(url)
      parentPort.once('message', async (flag) => {
        post(await redis.ping())
        Atomics.store(flag, 0, 1)
        Atomics.notify(flag, 0)
      })
      post('connected')`,
    )
    await once(worker, 'message')
    worker.postMessage(flag)
    assert.equal(Atomics.wait(flag, 0, 0, 30_000), 'ok')
    await once(worker, 'exit')
    assert.equal(await redis.ping(), 'PONG')
  })
})
