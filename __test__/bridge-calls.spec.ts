import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis, TypeSafeCache } from '../index.js'
import type { TestServer } from '../testing.js'
import { untilAnswered } from './support/bridge-answered'
import { runClient } from './support/bridge-child'
import { randoms } from './support/bridge-random'
import { FaultProxy } from './support/fault-proxy'
import { realServer } from './support/servers'

let server: TestServer
before(async () => void (server = await realServer()))
after(() => server.stop())

describe('many calls', () => {
  test('10 000 calls in flight are all answered, each with its own answer', async () => {
    await using redis = await Redis.connect({ url: server.url, commandTimeout: '1m' })
    const random = randoms(1)
    const values = Array.from({ length: 10_000 }, (_, i) => `${i}:`.padEnd(Math.floor(random() ** 8 * 20_000), '·x'))
    const stored = await Promise.all(values.map((value, i) => redis.command('SET', `many:${i}`, value)))
    assert.deepEqual(new Set(stored), new Set(['OK']))

    const asked = values.map((_, i) => i).sort(() => random() - 0.5)
    const calls = asked.map((i) => redis.command('GET', `many:${i}`))
    const answers = await Promise.all(calls)
    asked.forEach((i, position) => assert.equal(answers[position], values[i]))
    assert.equal(redis.metrics().pending, 0)
  })

  test('an answer does not wait until the program has stopped making calls', async () => {
    await using redis = await Redis.connect({ url: server.url, maxPending: 1_000_000, commandTimeout: '1m', watchdogMs: '1m' })
    const count = { asked: 0, answered: 0 }
    while (count.answered === 0 && count.asked < 1_000_000) {
      redis.ping().then(() => count.answered++)
      if (count.asked++ % 10 === 0) await new Promise(setImmediate)
    }
    assert.ok(count.answered > 0, 'no call was answered while others were made')
  })

  test('answers that were read can be collected, though their places are kept for later calls', async () => {
    const child = runClient(
      server.url,
      `
      const redis = await Redis.connect({ url, commandTimeout: '1m', watchdogMs: '1m' })
      await redis.command('SET', 'big', Buffer.alloc(1 << 20, 0xff))
      const before = process.memoryUsage().arrayBuffers
      await Promise.all(Array.from({ length: 200 }, () => redis.command('GET', 'big')))
      for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(() => resolve(gc())))
      report((process.memoryUsage().arrayBuffers - before) / (1 << 20))
      await redis.close()`,
      ['--expose-gc'],
    )
    assert.ok((await child.report) < 20, `${await child.report} of 200 answers are still held`)
    assert.equal((await child.ended).code, 0)
  })
})

describe('a burst of answers', () => {
  test('5 000 small ones do not block the event loop: other callbacks run between', async () => {
    await using redis = await Redis.connect({ url: server.url, commandTimeout: '1m' })
    assert.ok((await longestStretch(redis, 5000, () => redis.ping())) <= 512)
  })

  test('big ones come fewer at a time', async () => {
    await using redis = await Redis.connect({ url: server.url, commandTimeout: '1m' })
    await redis.command('SET', 'big', 'x'.repeat(300_000))
    // Two at a time, and there may be two turns between two looks.
    const stretch = await longestStretch(redis, 40, () => redis.command('GET', 'big'))
    assert.ok(stretch <= 4, `${stretch} at once`)
  })

  /** How many calls settled in a row without any other callback of the event loop, all answers lying ready. */
  async function longestStretch(redis: Redis, count: number, call: () => Promise<unknown>): Promise<number> {
    const calls = { settled: 0 }
    const all = Promise.all(Array.from({ length: count }, () => call().then(() => calls.settled++)))
    await untilAnswered(redis)
    const stretches: number[] = []
    while (calls.settled < count) {
      const before = calls.settled
      await new Promise(setImmediate)
      stretches.push(calls.settled - before)
    }
    await all
    return Math.max(...stretches)
  }
})

describe('maxPending', () => {
  test('one more call is refused at once, nothing of it is sent, and the count recovers', async () => {
    await using proxy = await FaultProxy.start(server)
    await using redis = await Redis.connect({ url: proxy.url, maxPending: 5, commandTimeout: '30s' })
    await redis.command('DEL', 'counter')
    proxy.freeze()
    for (let round = 1; round <= 3; round++) {
      const accepted = Array.from({ length: 5 }, () => redis.command('INCR', 'counter'))
      const refused = redis.command('INCR', 'counter')
      // Settled already: a promise that is fulfilled comes second.
      await assert.rejects(Promise.race([refused, Promise.resolve()]), { code: 'ERR_BUSY', retryable: true, maybeExecuted: false })
      assert.equal(redis.metrics().refused, round)
      assert.equal(redis.metrics().pending, 5)
      proxy.thaw()
      await Promise.all(accepted)
      assert.equal(Number(await redis.command('GET', 'counter')), 5 * round)
      proxy.freeze()
    }
    proxy.thaw()
  })
})

describe('user code that throws', () => {
  test('takes no other answer with it', async () => {
    const child = runClient(
      server.url,
      `
      const thrown = { uncaughtException: 0, unhandledRejection: 0 }
      for (const name of Object.keys(thrown)) process.on(name, () => thrown[name]++)
      const redis = new Redis(url)
      redis.on('connect', () => { throw new Error('a listener') })
      redis.on('ready', () => { throw new Error('a listener') })
      let settled = 0
      for (let i = 0; i < 2000; i++) {
        redis.ping().finally(() => {
          settled++
          if (i % 3 === 0) throw new Error('after an answer')
          if (i % 3 === 1) queueMicrotask(() => { throw new Error('beside an answer') })
          if (i % 300 === 2) process.nextTick(() => { throw new Error('behind an answer') })
        })
      }
      process.on('exit', () => report({ settled, ...thrown }))`,
    )
    const { code, reports } = await child.ended
    assert.deepEqual(reports, [{ settled: 2000, uncaughtException: 2 + 667 + 7, unhandledRejection: 667 }])
    assert.equal(code, 0)
  })

  test('a toJSON or a getter that throws rejects its own call only', async () => {
    await using redis = await Redis.connect({ url: server.url, commandTimeout: '1m' })
    const cache = new TypeSafeCache(redis)
    const fine = Array.from({ length: 100 }, (_, i) => cache.set(`fine:${i}`, i))
    const broken = cache.set('broken', { toJSON: () => assert.fail('on purpose') })
    await assert.rejects(broken, TypeError)
    await Promise.all(fine)
    assert.equal(await cache.get('fine:99'), 99)
    assert.equal(redis.metrics().pending, 0)
  })
})
