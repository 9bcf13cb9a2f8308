import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { TestServer } from '../testing.js'
import { runClient } from './support/bridge-child'
import { FaultProxy } from './support/fault-proxy'
import { realServer } from './support/servers'

let server: TestServer
before(async () => void (server = await realServer()))
after(() => server.stop())

describe('process.exit() with 2 000 calls pending', () => {
  const exit = 'process.exit(7)'
  const moments: Record<string, string> = {
    'as they are made': exit,
    'when the turn has ended': `process.nextTick(() => process.nextTick(() => ${exit}))`,
    'a turn later': `setImmediate(() => ${exit})`,
    'at the first answer': `calls[0].then(() => ${exit})`,
    'among the answers': `calls[1000].then(() => ${exit})`,
    'while the client closes': `redis.close(); setImmediate(() => ${exit})`,
    'by an exception': `process.exitCode = 7; process.on('uncaughtException', () => ${exit}); setImmediate(() => { throw new Error() })`,
  }
  for (const [when, code] of Object.entries(moments)) {
    test(`exits as asked ${when}`, async () => {
      const script = `
        const redis = await Redis.connect(url)
        const calls = Array.from({ length: 2000 }, (_, i) => redis.command('SET', 'key', 'x'.repeat(i)))
        for (const call of calls) call.catch(() => {})
        ${code}`
      const children = Array.from({ length: 3 }, () => runClient(server.url, script).ended)
      for (const { code, stderr } of await Promise.all(children)) assert.deepEqual({ code, stderr }, { code: 7, stderr: '' })
    })
  }
})

describe('a program that does not close its client', () => {
  test('ends by itself after its last call', async () => {
    const child = runClient(server.url, `const redis = new Redis(url); report(await redis.ping())`)
    assert.deepEqual(await child.ended, { code: 0, reports: ['PONG'], stderr: '' })
  })

  test('ends by itself when it has only connected', async () => {
    const child = runClient(server.url, `await Redis.connect(url); report('connected')`)
    assert.deepEqual(await child.ended, { code: 0, reports: ['connected'], stderr: '' })
  })

  test('ends by itself when it has not even connected', async () => {
    const child = runClient(server.url, `new Redis(url); report('made')`)
    assert.deepEqual(await child.ended, { code: 0, reports: ['made'], stderr: '' })
  })

  test('ends by itself after calls that were refused, cancelled, or failed', async () => {
    const child = runClient(
      server.url,
      `
      const redis = await Redis.connect({ url, maxPending: 2 })
      const cache = new TypeSafeCache(redis)
      const aborted = new AbortController()
      const calls = [cache.lookup('a', { signal: aborted.signal }), redis.command('NO-SUCH'), redis.ping()]
      aborted.abort(new Error('aborted'))
      const settled = await Promise.allSettled(calls)
      report(settled.map(({ reason }) => reason.code ?? reason.message))`,
    )
    assert.deepEqual(await child.ended, { code: 0, reports: [['aborted', 'ERR_SERVER', 'ERR_BUSY']], stderr: '' })
  })

  test('stays alive until a slow call is answered, and ends then', async () => {
    await using proxy = await FaultProxy.start(server)
    proxy.delayMs = 150
    // The loop is empty but for the call: without a hold it would end before the answer is there.
    const child = runClient(
      proxy.url,
      `
      process.on('beforeExit', () => report('nothing left to do'))
      const redis = new Redis(url)
      redis.ping().then(report)`,
    )
    assert.deepEqual(await child.ended, { code: 0, reports: ['PONG', 'nothing left to do'], stderr: '' })
  })

  test('stays alive until a deadline that passes, and ends then', async () => {
    await using proxy = await FaultProxy.start(server)
    proxy.freeze()
    const child = runClient(
      proxy.url,
      `new Redis({ url, commandTimeout: 300 }).ping().catch((error) => report(error.code))`,
    )
    assert.deepEqual(await child.ended, { code: 0, reports: ['ERR_UNAVAILABLE'], stderr: '' })
  })
})
