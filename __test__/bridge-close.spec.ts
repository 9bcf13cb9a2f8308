import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis, TypeSafeCache } from '../index.js'
import type { TestServer } from '../testing.js'
import { runClient } from './support/bridge-child'
import { FaultProxy } from './support/fault-proxy'
import { realServer } from './support/servers'
import { until } from './support/until'

let server: TestServer
before(async () => void (server = await realServer()))
after(() => server.stop())

const CLOSED = { name: 'RedwrightError', code: 'ERR_CLOSED', maybeExecuted: false }

describe('close()', () => {
  test('a call of a closed client is refused, also by way of its caches', async () => {
    const redis = await Redis.connect(server.url)
    const cache = new TypeSafeCache(redis)
    await cache.set('key', 1)
    await redis.close()
    for (const call of [() => redis.ping(), () => redis.command('GET', 'key'), () => cache.get('key'), () => cache.set('key', 2), () => cache.lookup('key')]) {
      await assert.rejects(call(), CLOSED)
    }
    const unused = new TypeSafeCache(redis)
    await assert.rejects(unused.get('key'), CLOSED)
  })

  test('a call that is made while the client closes is refused', async () => {
    const redis = await Redis.connect(server.url)
    const closing = redis.close()
    await new Promise(setImmediate)
    await assert.rejects(redis.ping(), CLOSED)
    await closing
  })

  test('a client that was never used is closed and refuses calls', async () => {
    const redis = new Redis(server.url)
    await redis.close()
    await assert.rejects(redis.ping(), CLOSED)
  })

  test('calls that are pending are answered first', async () => {
    const redis = await Redis.connect(server.url)
    await redis.command('DEL', 'counter')
    const calls = Array.from({ length: 3000 }, () => redis.command('INCR', 'counter'))
    let settled = 0
    for (const call of calls) call.finally(() => settled++)
    await redis.close()
    assert.equal(settled, 3000)
    assert.deepEqual(await Promise.all(calls), Array.from({ length: 3000 }, (_, i) => i + 1))
  })

  test('calls that wait for the first connection are answered first', async () => {
    const redis = new Redis(server.url)
    const call = redis.command('ECHO', 'hello')
    await redis.close()
    assert.equal(await call, 'hello')
  })

  test('ends in its time when the server is frozen, and what is pending rejects', async () => {
    await using proxy = await FaultProxy.start(server)
    const redis = await Redis.connect({ url: proxy.url, commandTimeout: '5m', watchdogMs: '5m' })
    proxy.freeze()
    const calls = Array.from({ length: 100 }, () => redis.command('INCR', 'counter'))
    const settled = Promise.allSettled(calls)
    const begun = Date.now()
    await redis.close({ timeoutMs: 200 })
    assert.ok(Date.now() - begun < 30_000, 'close() waited for the deadline of the calls')
    for (const call of await settled) {
      assert.equal(call.status, 'rejected')
      assert.equal(call.reason.maybeExecuted, true)
      assert.ok(['ERR_CLOSED', 'ERR_UNAVAILABLE'].includes(call.reason.code), call.reason.code)
    }
    proxy.thaw()
    await until('its connection is gone', () => proxy.connections === 0)
  })

  test('a client that the program lets go of answers the calls that it has, and then its connection ends', async () => {
    await using proxy = await FaultProxy.start(server)
    const child = runClient(
      proxy.url,
      `
      const keep = setInterval(() => {}, 1000)
      process.stdin.once('data', () => clearInterval(keep) ?? process.stdin.destroy())
      const gone = new Promise((resolve) => (registry = new FinalizationRegistry(resolve)))
      const answer = await (async () => {
        const redis = await Redis.connect({ url, commandTimeout: '1m', watchdogMs: '1m' })
        registry.register(redis)
        await redis.command('DEL', 'counter')
        // Before anybody is told: a signal that nobody listens to ends the process.
        const told = new Promise((resolve) => process.on('SIGUSR2', resolve))
        report('connected')
        await told
        return [redis.command('INCR', 'counter')]
      })()
      let collected = false
      gone.then(() => (collected = true))
      while (!collected) {
        gc()
        await new Promise(setImmediate)
      }
      report('collected')
      report(await answer[0])
      for (;;) {
        gc()
        await new Promise((resolve) => setTimeout(resolve, 10))
      }`,
      ['--expose-gc'],
    )
    const reports: string[] = []
    child.process.stdout!.on('data', (chunk) => reports.push(...String(chunk).trim().split('\n')))
    assert.equal(await child.report, 'connected')
    proxy.freeze()
    child.process.kill('SIGUSR2')
    await until('the client is collected', () => reports.includes('"collected"'))
    proxy.thaw()
    await until('the call is answered', () => reports.includes('1'))
    await until('the connection ends', () => proxy.connections === 0)
    child.process.kill('SIGKILL')
  })
})
