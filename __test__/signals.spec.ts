import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis } from '../index.js'
import type { TestServer } from '../testing.js'
import { runClient, startWorker } from './support/bridge-child'
import { FaultProxy } from './support/fault-proxy'
import type { NodeChild } from './support/node'
import { realServer } from './support/servers'
import { until } from './support/until'

let server: TestServer
before(async () => void (server = await realServer()))
after(() => server.stop())

const listeners = () => ['SIGTERM', 'SIGINT'].map((signal) => process.listenerCount(signal))

/** Clients that take their time, so that only their closing ends what they wait for. */
const PATIENT = `{ url, commandTimeout: '5m', watchdogMs: '5m' }`

/** Waits until a child has reported something. */
type Seen = (report: unknown) => Promise<void>

/** A child whose script reports when it is ready, behind a proxy of its own. */
async function withChild(script: string, work: (child: NodeChild, proxy: FaultProxy, seen: Seen) => Promise<void>): Promise<void> {
  await using proxy = await FaultProxy.start(server)
  const child = runClient(proxy.url, `const stay = setInterval(() => {}, 1000)\n${script}`)
  let output = ''
  child.process.stdout!.on('data', (chunk) => (output += chunk))
  const seen: Seen = (report) => until(`the child reports ${report}`, () => output.split('\n').includes(JSON.stringify(report)))
  await seen('ready')
  await work(child, proxy, seen)
}

/** By which signal a child ended, and what it reported. */
async function end(child: NodeChild) {
  const { code, reports, stderr } = await child.ended
  return { by: child.process.signalCode ?? code, reports, stderr }
}

describe('closeOnSignal', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`finishes what is pending and then lets ${signal} end the process`, async () => {
      const script = `
        const redis = await Redis.connect(${PATIENT})
        redis.closeOnSignal({ timeoutMs: '5m' })
        await redis.command('DEL', 'counter')
        process.on('SIGUSR2', () => {
          for (let i = 0; i < 3; i++) redis.command('INCR', 'counter').then(report, (error) => report(error.code))
          report('sent')
        })
        const timer = setInterval(() => {
          if (redis.status !== 'closing') return
          clearInterval(timer)
          redis.command('INCR', 'counter').catch((error) => report(error.code))
        }, 1)
        report('ready')`
      await withChild(script, async (child, proxy, seen) => {
        proxy.freeze()
        child.process.kill('SIGUSR2')
        await seen('sent')
        child.process.kill(signal)
        await seen('ERR_CLOSED')
        proxy.thaw()
        assert.deepEqual(await end(child), { by: signal, reports: ['ready', 'sent', 'ERR_CLOSED', 1, 2, 3], stderr: '' })
      })
    })
  }

  test('ends in its time when the server hangs', async () => {
    const script = `
      const redis = await Redis.connect(${PATIENT})
      redis.closeOnSignal({ timeoutMs: 50 })
      const { close } = redis
      redis.close = (options) => report(options) && close.call(redis, options)
      process.on('SIGUSR2', () => {
        redis.command('INCR', 'counter').catch((error) => report(error.maybeExecuted))
        report('sent')
      })
      report('ready')`
    await withChild(script, async (child, proxy, seen) => {
      proxy.freeze()
      child.process.kill('SIGUSR2')
      await seen('sent')
      child.process.kill('SIGTERM')
      assert.deepEqual(await end(child), { by: 'SIGTERM', reports: ['ready', 'sent', { timeoutMs: 50 }, true], stderr: '' })
    })
  })

  test('closes all clients that asked for it, and only then ends', async () => {
    const script = `
      const [slow, quick, aside] = [await Redis.connect(${PATIENT}), await Redis.connect(process.env.REAL_URL), new Redis(url)]
      for (const [name, redis] of Object.entries({ slow, quick })) {
        redis.closeOnSignal({ timeoutMs: '5m' })
        redis.on('close', () => report(name))
      }
      aside.on('close', () => report('aside'))
      process.on('SIGUSR2', () => {
        slow.command('PING')
        report('sent')
      })
      report('ready')`
    process.env.REAL_URL = server.url
    await withChild(script, async (child, proxy, seen) => {
      proxy.freeze()
      child.process.kill('SIGUSR2')
      await seen('sent')
      child.process.kill('SIGTERM')
      await seen('quick')
      proxy.thaw()
      assert.deepEqual(await end(child), { by: 'SIGTERM', reports: ['ready', 'sent', 'quick', 'slow'], stderr: '' })
    })
    delete process.env.REAL_URL
  })

  for (const second of ['SIGTERM', 'SIGINT'] as const) {
    test(`does not make ${second} wait that comes while it closes`, async () => {
      const script = `
        const redis = await Redis.connect(${PATIENT})
        redis.closeOnSignal({ timeoutMs: '5m' })
        process.on('SIGUSR2', () => {
          redis.command('PING')
          report('sent')
        })
        const timer = setInterval(() => {
          if (redis.status !== 'closing') return
          clearInterval(timer)
          report('closing')
        }, 1)
        report('ready')`
      await withChild(script, async (child, proxy, seen) => {
        proxy.freeze()
        child.process.kill('SIGUSR2')
        await seen('sent')
        child.process.kill('SIGTERM')
        await seen('closing')
        child.process.kill(second)
        assert.equal((await end(child)).by, second)
      })
    })
  }

  for (const [how, listen, early] of [
    ['on', 'process.on', false],
    ['once, asked before us', 'process.once', true],
    ['once, asked after us', 'process.once', false],
  ] as const) {
    test(`leaves it to others to end the process where they listen: ${how}`, async () => {
      const theirs = `${listen}('SIGTERM', () => report('theirs'))`
      const script = `
        const redis = await Redis.connect(url)
        ${early ? theirs : ''}
        redis.closeOnSignal()
        ${early ? '' : theirs}
        redis.on('close', () => report('closed'))
        process.on('SIGUSR2', () => process.exit(7))
        report('ready')`
      await withChild(script, async (child, _, seen) => {
        child.process.kill('SIGTERM')
        await seen('closed')
        child.process.kill('SIGUSR2')
        assert.deepEqual(await end(child), { by: 7, reports: ['ready', 'theirs', 'closed'], stderr: '' })
      })
    })
  }

  test('waits for a close that is under way already', async () => {
    const script = `
      const redis = await Redis.connect(${PATIENT})
      redis.closeOnSignal()
      process.on('SIGUSR2', () => {
        redis.command('PING').then(report)
        redis.close({ timeoutMs: '5m' }).then(() => report('closed'))
        // As it would come now, and surely before the close has ended.
        process.emit('SIGTERM', 'SIGTERM')
        report('closing')
      })
      report('ready')`
    await withChild(script, async (child, proxy, seen) => {
      proxy.freeze()
      child.process.kill('SIGUSR2')
      await seen('closing')
      proxy.thaw()
      assert.deepEqual(await end(child), { by: 'SIGTERM', reports: ['ready', 'closing', 'PONG', 'closed'], stderr: '' })
    })
  })

  test('ends the first process of a container too, which a signal raised anew would not', async () => {
    const script = `
      Object.defineProperty(process, 'pid', { value: 1 })
      process.kill = (...args) => report(args)
      const redis = await Redis.connect(url)
      redis.closeOnSignal()
      redis.on('close', () => report('closed'))
      report('ready')`
    await withChild(script, async (child) => {
      child.process.kill('SIGTERM')
      assert.deepEqual(await end(child), { by: 143, reports: ['ready', 'closed'], stderr: '' })
    })
  })

  test('does not keep the process alive', async () => {
    const child = runClient(server.url, `const redis = await Redis.connect(url)\nredis.closeOnSignal()\nreport(await redis.ping())`)
    assert.deepEqual(await end(child), { by: 0, reports: ['PONG'], stderr: '' })
  })

  test('listens once for all clients, and not at all when the last of them is closed', async () => {
    const before = listeners()
    const [one, other] = [new Redis(server.url), new Redis(server.url)]
    one.closeOnSignal()
    other.closeOnSignal({ signals: ['SIGTERM'] })
    assert.deepEqual(listeners(), before.map((count) => count + 1))
    await one.close()
    assert.deepEqual(listeners(), [before[0]! + 1, before[1]])
    await other.close()
    assert.deepEqual(listeners(), before)
    one.closeOnSignal()
    assert.deepEqual(listeners(), before, 'a closed client needs none')
  })

  test('is undone by what it returns, and replaced by another call', async () => {
    const before = listeners()
    await using redis = new Redis(server.url)
    const undo = redis.closeOnSignal()
    undo()
    undo()
    assert.deepEqual(listeners(), before)
    redis.closeOnSignal()
    const undoSecond = redis.closeOnSignal({ signals: ['SIGINT', 'SIGINT'] })
    assert.deepEqual(listeners(), [before[0], before[1]! + 1])
    undo()
    assert.deepEqual(listeners(), [before[0], before[1]! + 1])
    undoSecond()
    assert.deepEqual(listeners(), before)
  })

  test('is refused in a worker thread, which gets no signals', async () => {
    const worker = startWorker(server.url, `
      const redis = new Redis(url)
      try { redis.closeOnSignal() } catch (error) { post([error.name, error.code, error.message]) }
      await redis.close()`)
    const message = 'closeOnSignal must be called in the main thread: worker threads get no signals'
    assert.deepEqual(await new Promise((resolve) => worker.once('message', resolve)), ['TypeError', 'ERR_INVALID_ARG', message])
    await worker.terminate()
  })

  test('refuses what it does not know', async () => {
    const before = listeners()
    await using redis: any = new Redis(server.url)
    for (const [options, message] of [
      [{ signals: 'SIGTERM' }, 'options.signals must be an array, got a string'],
      [{ signals: [] }, 'options.signals must not be empty'],
      [{ signals: ['SIGKILL'] }, "options.signals must hold 'SIGTERM' and 'SIGINT' only"],
      [{ timeout: 1 }, "options.timeout is not an option; did you mean 'timeoutMs'?"],
      [{ timeoutMs: 0 }, 'options.timeoutMs must be from 1 ms to 100 years, got 0'],
    ]) {
      assert.throws(() => redis.closeOnSignal(options), { code: 'ERR_INVALID_ARG', message })
    }
    assert.deepEqual(listeners(), before)
  })
})
