import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { createRequire } from 'node:module'
import { after, before, describe, test } from 'node:test'
import { Redis, TypeSafeCache } from '../index.js'
import type { TestServer } from '../testing.js'
import { untilAnswered } from './support/bridge-answered'
import { randoms } from './support/bridge-random'
import { FaultProxy } from './support/fault-proxy'
import { realServer } from './support/servers'
import { until } from './support/until'

const { call } = createRequire(import.meta.url)('../lib/redis.js')

let server: TestServer
before(async () => void (server = await realServer()))
after(() => server.stop())

describe('a lookup with a signal', () => {
  test('rejects with its reason at once, and the operation is given up', async () => {
    await using proxy = await FaultProxy.start(server)
    await using redis = await Redis.connect({ url: proxy.url, commandTimeout: '5m', watchdogMs: '5m' })
    const cache = new TypeSafeCache(redis)
    proxy.freeze()
    for (const reason of [new Error('enough'), 'a string', null]) {
      const { signal, abort } = controller()
      const lookup = cache.lookup('key', { signal })
      lookup.catch(() => {})
      await new Promise(setImmediate)
      abort(reason)
      assert.deepEqual(await Promise.allSettled([lookup]), [{ status: 'rejected', reason }])
    }
    await until('nothing is pending', () => redis.metrics().pending === 0)
    assert.equal(redis.metrics().cancelled, 3)
    proxy.thaw()
    assert.equal((await cache.lookup('key')).hit, false)
  })

  test('rejects with an AbortError where no reason was given, and with a TimeoutError', async () => {
    await using proxy = await FaultProxy.start(server)
    await using redis = await Redis.connect({ url: proxy.url, commandTimeout: '5m', watchdogMs: '5m' })
    const cache = new TypeSafeCache(redis)
    proxy.freeze()
    const { signal, abort } = controller()
    const lookup = cache.lookup('key', { signal })
    abort()
    await assert.rejects(lookup, { name: 'AbortError' })
    await assert.rejects(cache.lookup('key', { signal: AbortSignal.timeout(10) }), { name: 'TimeoutError' })
  })

  test('that has been aborted before sends nothing', async () => {
    await using redis = await Redis.connect(server.url)
    const cache = new TypeSafeCache(redis)
    const { operations } = redis.metrics()
    const reason = new Error('before')
    const lookup = cache.lookup('key', { signal: AbortSignal.abort(reason) })
    await assert.rejects(lookup, (error) => error === reason)
    assert.equal(redis.metrics().operations, operations)
  })

  test('that ends leaves no listener behind', async () => {
    await using redis = await Redis.connect({ url: server.url, maxPending: 50 })
    const cache = new TypeSafeCache(redis)
    const { signal, abort } = controller()
    const warnings: Error[] = []
    const listen = (warning: Error) => warnings.push(warning)
    process.on('warning', listen)
    for (let i = 0; i < 40; i++) await cache.lookup(`key:${i}`, { signal })
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    // Refused ones among them.
    await Promise.allSettled(Array.from({ length: 60 }, () => cache.lookup('key', { signal: controller().signal })))
    const last = cache.lookup('key', { signal })
    assert.equal(getEventListeners(signal, 'abort').length, 1)
    await last
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    abort()
    await new Promise(setImmediate)
    process.off('warning', listen)
    assert.deepEqual(warnings, [])
  })

  test('one signal ends many, and no others', async () => {
    await using redis = await Redis.connect(server.url)
    const cache = new TypeSafeCache(redis)
    await Promise.all(Array.from({ length: 200 }, (_, i) => cache.set(`one:${i}`, i)))
    const { signal, abort } = controller()
    const lookups = Array.from({ length: 200 }, (_, i) => cache.lookup(`one:${i}`, i % 2 ? { signal } : {}))
    for (const lookup of lookups) lookup.catch(() => {})
    abort(new Error('odd'))
    const settled = await Promise.allSettled(lookups)
    settled.forEach((result, i) => {
      if (result.status === 'rejected') assert.equal(i % 2 === 1 && result.reason.message, 'odd')
      else assert.equal(i % 2 === 0 && result.value.value, i)
    })
  })
})

describe('tickets of aborted calls', () => {
  test('a signal that comes when its call has just been answered ends no call that is made then', async () => {
    await using redis = await Redis.connect(server.url)
    // As the patterns call: `cache.lookup` hears of its answer too late for this.
    const echo = (text: string, signal?: AbortSignal) =>
      call(redis, (native: any, ticket: number) => native.commandLine(ticket, `ECHO\0${text}`), null, signal)
    const texts = Array.from({ length: 100 }, (_, i) => `just:${i}`)
    const controllers = texts.map(controller)
    const calls = texts.map((text, i) => echo(text, controllers[i]!.signal))
    // All are settled in one go; the first to hear of it makes new calls, which use the tickets of the others.
    const fresh = calls[0]!.then(() => {
      const calls = texts.map((text) => echo(`new ${text}`))
      for (const { abort } of controllers) abort()
      return Promise.all(calls)
    })
    await untilAnswered(redis)
    assert.deepEqual(await fresh, texts.map((text) => `new ${text}`))
    assert.deepEqual(await Promise.all(calls), texts)
  })

  test('are used again, and no call ever receives the answer of another', async () => {
    await using redis = await Redis.connect(server.url)
    const cache = new TypeSafeCache(redis)
    const random = randoms(42)
    await Promise.all(Array.from({ length: 1000 }, (_, i) => cache.set(`own:${i}`, { own: i })))
    // The moments between which a call is made, sent, answered and settled.
    const moments: ((then: () => void) => void)[] = [
      (then) => then(),
      (then) => queueMicrotask(then),
      (then) => process.nextTick(then),
      (then) => setImmediate(then),
      (then) => setImmediate(() => setImmediate(then)),
      (then) => setTimeout(then, 1),
    ]
    const counts = { answered: 0, aborted: 0 }
    const one = async () => {
      const i = Math.floor(random() * 1000)
      if (random() < 0.5) {
        assert.deepEqual(await cache.get(`own:${i}`), { own: i })
        return
      }
      const { signal, abort } = controller()
      const reason = new Error(`own:${i}`)
      moments[Math.floor(random() * moments.length)]!(() => abort(reason))
      try {
        assert.deepEqual((await cache.lookup(`own:${i}`, { signal })).value, { own: i })
        counts.answered++
      } catch (error) {
        assert.equal(error, reason)
        counts.aborted++
      }
    }
    const loop = async () => {
      for (let n = 0; n < 400; n++) await one()
    }
    await Promise.all(Array.from({ length: 100 }, loop))
    assert.ok(counts.answered > 1000 && counts.aborted > 1000, JSON.stringify(counts))
    await until('nothing is pending', () => redis.metrics().pending === 0)
  })
})

function controller(): { signal: AbortSignal; abort(reason?: unknown): void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) }
}
