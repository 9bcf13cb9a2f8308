import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Redis, type RateLimiter } from '../index.js'
import { runClient } from './support/bridge-child'
import { MortalServer } from './support/client-server'
import { ALGORITHMS, allowedOf, limiter, policy } from './support/limit-tools'
import { until } from './support/until'

const SOON = { reconnect: { minMs: 5, maxMs: 50 } }

/** Decides within 100 ms, and waits for more where a test does. */
const away = (redis: Redis, instances = 1) => limiter(redis, { timeoutMs: 100, instances })
const many = (limits: RateLimiter, key: string, count: number, of = policy('fixedWindow', 10)) => Promise.all(Array.from({ length: count }, () => limits.check(key, of)))

describe('a limit while Redis is away', () => {
  test('is a part of it, for as many processes as were named', async () => {
    await using server = MortalServer.prepare()
    await using redis = new Redis({ url: server.url, ...SOON })
    for (const [instances, share] of [[1, 10], [3, 3], [10, 1], [1000, 1]] as const) {
      const limits = away(redis, instances)
      for (const algorithm of ALGORITHMS) {
        const results = await many(limits, 'k', 20, policy(algorithm, 10))
        assert.equal(allowedOf(results), share, `${algorithm}, ${instances}`)
        const { allowed, degraded, retryAfterMs } = results.at(-1)!
        assert.deepEqual([allowed, degraded, retryAfterMs > 0], [false, true, true])
      }
    }
  })

  test('is all or nothing for several policies, with costs, looks, refunds and penalties', async () => {
    await using server = MortalServer.prepare()
    await using redis = new Redis({ url: server.url, ...SOON })
    const limits = away(redis)
    const both = [policy('gcra', 10), policy('slidingWindow', 5)]
    const left = async () => (await limits.peek('k', both)).policies.map(({ remaining }) => remaining)
    assert.equal((await limits.check('k', both, { cost: 4 })).allowed, true)
    assert.equal((await limits.check('k', both, { cost: 2 })).allowed, false)
    assert.deepEqual(await left(), [6, 1])
    await limits.refund('k', both, 3)
    assert.deepEqual(await left(), [9, 4])
    await limits.penalize('k', both, 4)
    assert.deepEqual(await left(), [5, 0])
    assert.equal((await limits.check('k', both, { cost: 6 })).retryAfterMs, Infinity)
  })

  test('is a part of it for as many processes as were heard of', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect({ url: server.url, ...SOON })
    const limits = away(redis)
    const other = runClient(
      server.url,
      `const redis = await Redis.connect(url)
      const limits = new RateLimiter(redis, { prefix: '${limits.prefix}', timeoutMs: '30s' })
      report((await limits.check('there', ${JSON.stringify(policy('gcra', 5))})).degraded)
      setInterval(() => {}, 1000)`,
    )
    assert.equal(await other.report, false)
    // A process tells of itself with the first decision under a policy, and hears of the others then.
    for (let asked = 0; asked < 2; ) if (!(await limits.check('here', policy('gcra', 5, { name: `n${asked}` }))).degraded) asked++
    await server.crash()
    assert.equal(allowedOf(await many(limits, 'k', 20)), 5)
    other.process.kill('SIGKILL')
    await other.ended
  })

  test('is counted in Redis when that is back, under each algorithm', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect({ url: server.url, ...SOON })
    const limits = away(redis)
    await server.crash()
    const policies = ALGORITHMS.map((algorithm) => policy(algorithm, 10))
    const results = await Promise.all([1, 2, 3].map(() => limits.check('k', policies)))
    assert.ok(results.every(({ allowed, degraded }) => allowed && degraded))
    await server.start()
    await until('it is counted', async () => {
      const { degraded, policies: each } = await limits.peek('k', policies)
      return !degraded && each.every(({ remaining }) => remaining === 7)
    })
  })

  test('is counted where the server had only stood still, at most a second time where it executes what it was sent', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect({ url: server.url, ...SOON })
    const limits = away(redis)
    const works = () => until('Redis decides again', async () => !(await limits.check('probe', policy('gcra', 1000))).degraded)
    await works()
    server.kill('SIGSTOP')
    assert.equal(allowedOf(await many(limits, 'k', 3)), 3)
    server.kill('SIGCONT')
    await works()
    await until('it is counted', async () => (await limits.peek('k', policy('fixedWindow', 10))).remaining <= 7)
    for (let i = 0; i < 20; i++) await limits.check('probe', policy('gcra', 1000))
    assert.ok((await limits.peek('k', policy('fixedWindow', 10))).remaining >= 4)
  })

  test('is counted in Redis for thousands of keys', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect({ url: server.url, ...SOON })
    const limits = away(redis)
    await server.crash()
    const keys = Array.from({ length: 20_000 }, (_, i) => `key ${i}`)
    await Promise.all(keys.map((key) => limits.check(key, policy('fixedWindow', 10), { cost: 4 })))
    await server.start()
    await until('Redis decides again', async () => !(await limits.check('probe', policy('gcra', 1000))).degraded)
    const patient = limiter(redis, { prefix: limits.prefix })
    // Not at once: what could not be told is told a second later.
    await until('all are counted', async () => (await Promise.all(keys.map((key) => patient.peek(key, policy('fixedWindow', 10))))).every(({ remaining }) => remaining === 6))
  })
})
