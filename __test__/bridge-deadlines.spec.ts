import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis, TypeSafeCache } from '../index.js'
import type { TestServer } from '../testing.js'
import { FaultProxy } from './support/fault-proxy'
import { fakeServer, realServer } from './support/servers'

let server: TestServer
before(async () => void (server = await realServer()))
after(() => server.stop())

/** Nothing is learnt from how long a deadline took but that it was not for ever. */
const CEILING_MS = 20_000

async function within<T>(promise: Promise<T>): Promise<T> {
  const begun = Date.now()
  try {
    return await promise
  } finally {
    assert.ok(Date.now() - begun < CEILING_MS, `took ${Date.now() - begun} ms`)
  }
}

const TIMEOUT = { name: 'RedwrightError', code: 'ERR_TIMEOUT', retryable: true, maybeExecuted: true }
const UNAVAILABLE = { name: 'RedwrightError', code: 'ERR_UNAVAILABLE', retryable: true, maybeExecuted: false }

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

describe('the deadline of a call', () => {
  test('passes when the server is frozen: the call may have been executed', async () => {
    await using proxy = await FaultProxy.start(server)
    await using redis = await Redis.connect({ url: proxy.url, commandTimeout: 200, watchdogMs: '5m' })
    proxy.freeze()
    await within(assert.rejects(redis.command('INCR', 'counter'), TIMEOUT))
    const many = await within(Promise.allSettled(Array.from({ length: 1000 }, () => redis.ping())))
    for (const call of many) assert.equal(call.status === 'rejected' && call.reason.code, 'ERR_TIMEOUT')
    assert.equal(redis.metrics().timeouts, 1001)
    assert.equal(redis.metrics().pending, 0)
    proxy.thaw()
  })

  test('a reply that comes after it goes to nobody', async () => {
    await using proxy = await FaultProxy.start(server)
    await using redis = await Redis.connect({ url: proxy.url, commandTimeout: 200, watchdogMs: '5m', breaker: false })
    proxy.freeze()
    const late = Array.from({ length: 100 }, (_, i) => redis.command('ECHO', `late:${i}`))
    for (const call of late) call.catch(() => {})
    await within(assert.rejects(Promise.all(late), TIMEOUT))
    proxy.thaw()
    const expected = Array.from({ length: 100 }, (_, i) => `fresh:${i}`)
    assert.deepEqual(await Promise.all(expected.map((text) => redis.command('ECHO', text))), expected)
  })

  test('passes when there is no server: nothing was executed', async () => {
    const absent = await fakeServer()
    await absent.stop()
    await using redis = new Redis({ url: absent.url, commandTimeout: 200 })
    const many = Array.from({ length: 100 }, () => redis.command('INCR', 'counter'))
    for (const call of many) await within(assert.rejects(call, UNAVAILABLE))
  })

  test('passes when a server accepts connections and never answers: nothing was executed', async () => {
    await using silent = await fakeServer()
    await using redis = new Redis({ url: silent.url, commandTimeout: 200 })
    await within(assert.rejects(redis.ping(), UNAVAILABLE))
  })

  test('of one client passes while another is busy', async () => {
    await using proxy = await FaultProxy.start(server)
    await using frozen = await Redis.connect({ url: proxy.url, commandTimeout: 100, watchdogMs: '5m' })
    await using busy = await Redis.connect(server.url)
    proxy.freeze()
    const state = { passed: false }
    const call = within(assert.rejects(frozen.ping(), TIMEOUT)).finally(() => (state.passed = true))
    while (!state.passed) await busy.ping()
    await call
    proxy.thaw()
  })

  test('a short one of a cache passes before the long ones of its client', async () => {
    await using proxy = await FaultProxy.start(server)
    await using redis = await Redis.connect({ url: proxy.url, commandTimeout: '5m', watchdogMs: '5m' })
    const hasty = new TypeSafeCache(redis, { timeoutMs: 100 })
    proxy.freeze()
    const long = redis.command('ECHO', 'long')
    await within(assert.rejects(hasty.get('key'), TIMEOUT))
    proxy.thaw()
    assert.equal(await long, 'long')
  })
})

describe('while the event loop is blocked', () => {
  test('a reply that came in time is a success, however late it is read', async () => {
    await using redis = await Redis.connect({ url: server.url, commandTimeout: 1000 })
    const first = redis.command('ECHO', 'sent at once')
    // The rest of a turn leaves together when the turn ends, so it is sent after the block; its time begins then.
    const rest = Array.from({ length: 100 }, (_, i) => redis.command('ECHO', `sent together ${i}`))
    block(2500)
    assert.equal(await first, 'sent at once')
    assert.deepEqual(await Promise.all(rest), rest.map((_, i) => `sent together ${i}`))
    assert.equal(redis.metrics().timeouts, 0)
  })

  test('a call that had left before is a success too', async () => {
    await using redis = await Redis.connect({ url: server.url, commandTimeout: 1000 })
    const calls = Array.from({ length: 100 }, (_, i) => redis.command('ECHO', `${i}`))
    await new Promise(setImmediate)
    block(2500)
    assert.deepEqual(await Promise.all(calls), calls.map((_, i) => `${i}`))
  })
})
