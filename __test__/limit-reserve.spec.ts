import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { Redis, type RateLimiter } from '../index.js'
import { onEveryBackend } from './support/backends'
import { runClient } from './support/bridge-child'
import { fresh } from './support/cache-tools'
import { FaultProxy } from './support/fault-proxy'
import { ALGORITHMS, allowedOf, keysOf, limiter, passed, policy, serverNow } from './support/limit-tools'
import { realServer } from './support/servers'
import { until } from './support/until'

onEveryBackend('a reservation', (backend) => {
  let limits: RateLimiter & { prefix: string }
  before(() => (limits = limiter(backend.redis)))
  const left = async (key: string, algorithm: (typeof ALGORITHMS)[number], limit = 10) => (await limits.peek(key, policy(algorithm, limit))).remaining

  for (const algorithm of ALGORITHMS) {
    const ten = policy(algorithm, 10)

    test(`${algorithm}: takes the estimate, and gives back what was too much, once`, async () => {
      const key = fresh()
      const { allowed, limit, remaining, degraded, policies, settle, cancel } = await limits.reserve(key, ten, 8)
      assert.deepEqual([allowed, limit, remaining, degraded, policies.length], [true, 10, 2, false, 1])
      assert.equal(await left(key, algorithm), 2)
      assert.equal(await settle(3), true)
      assert.equal(await left(key, algorithm), 7)
      assert.deepEqual([await settle(1), await cancel()], [false, false])
      assert.equal(await left(key, algorithm), 7)
    })

    test(`${algorithm}: that came to more takes it, over the limit too`, async () => {
      const key = fresh()
      assert.equal(await (await limits.reserve(key, ten, 2)).settle(5), true)
      assert.equal(await left(key, algorithm), 5)
      assert.equal(await (await limits.reserve(key, ten, 5)).settle(20), true)
      const { allowed, remaining } = await limits.refund(key, ten, 15)
      assert.deepEqual([allowed, remaining], [false, 0])
      assert.equal((await limits.refund(key, ten, 1)).remaining, 1)
    })

    test(`${algorithm}: that was as estimated changes nothing, and cancelled leaves nothing`, async () => {
      const key = fresh()
      assert.equal(await (await limits.reserve(key, ten, 4)).settle(4), true)
      assert.equal(await (await limits.reserve(key, ten, 6)).cancel(), true)
      assert.equal(await left(key, algorithm), 6)
    })
  }

  test('of several policies takes from all or none', async () => {
    const key = fresh()
    const both = [policy('gcra', 10), policy('fixedWindow', 5)]
    const refused = await limits.reserve(key, both, 6)
    assert.deepEqual([refused.allowed, refused.retryAfterMs, await refused.settle(1), await refused.cancel()], [false, Infinity, false, false])
    const given = await limits.reserve(key, both, 4)
    assert.deepEqual(given.policies.map(({ remaining }) => remaining), [6, 1])
    assert.equal((await limits.reserve(key, both, 2)).allowed, false)
    assert.equal(await given.settle(1), true)
    assert.deepEqual((await limits.peek(key, both)).policies.map(({ remaining }) => remaining), [9, 4])
  })

  test('with one idempotencyKey counts once, however often it is asked for, also at once and elsewhere', async () => {
    const key = fresh()
    const ten = policy('fixedWindow', 10)
    const elsewhere = limiter(await backend.connect(), limits)
    const ask = (from: RateLimiter) => from.reserve(key, ten, 4, { idempotencyKey: 'a call: {1}' })
    const all = await Promise.all([...Array(10).fill(limits), ...Array(10).fill(elsewhere)].map(ask))
    assert.equal(allowedOf(all), 20)
    assert.deepEqual(new Set(all.map(({ remaining, resetAt }) => `${remaining} ${resetAt}`)).size, 1)
    assert.equal(await left(key, 'fixedWindow'), 6)
    assert.deepEqual((await Promise.all(all.map(({ settle }) => settle(1)))).filter(Boolean).length, 1)
    assert.equal(await left(key, 'fixedWindow'), 9)
    // That of another key is another one.
    assert.equal((await limits.reserve(fresh(), ten, 4, { idempotencyKey: 'a call: {1}' })).remaining, 6)
  })

  test('that outlives its lease stands', async () => {
    const key = fresh()
    const { settle } = await limits.reserve(key, policy('slidingWindow', 10), 8, { leaseMs: 50 })
    const has = () => keysOf(backend.redis, limits).then((keys) => keys.some((name) => name.startsWith(`${limits.prefix}:{${key}}:reserved:`)))
    await until('the lease has ended', async () => !(await has()))
    assert.equal(await settle(0), false)
    assert.equal(await left(key, 'slidingWindow'), 2)
  })

  test('refuses what a block refuses', async () => {
    const key = fresh()
    await limits.block(key, '1h')
    const { allowed, retryAfterMs, settle } = await limits.reserve(key, policy('gcra', 10), 1)
    assert.deepEqual([allowed, retryAfterMs > 0, await settle(0)], [false, true, false])
  })
})

describe('a reservation whose time goes by', () => {
  for (const algorithm of ALGORITHMS) {
    test(`${algorithm}: gives nothing back to what was taken after it has left by itself`, async () => {
      await using server = await realServer()
      await using redis = await Redis.connect(server.url)
      const limits = limiter(redis)
      const ten = { ...policy(algorithm, 10), period: '1s' } as const
      // Where all of this takes longer than what was taken lasts, it says nothing.
      await until('it is known', async () => {
        const key = fresh()
        const { settle } = await limits.reserve(key, ten, 10)
        await until('all is there again', async () => (await limits.peek(key, ten)).remaining === 10)
        if (algorithm === 'slidingCounter') await passed(1000)
        const after = await serverNow(redis)
        await limits.check(key, ten, { cost: 10 })
        assert.equal(await settle(0), true)
        const { remaining } = await limits.peek(key, ten)
        const gone = (await serverNow(redis)) - after
        if (gone < 400) assert.ok(remaining < 5, `${remaining} are left of those that were taken ${gone} ms ago`)
        return gone < 400
      })
    })
  }

  test('of a process that died stands, and leaves no key without a TTL', async () => {
    await using server = await realServer({ tcp: true })
    await using redis = await Redis.connect(server.url)
    const limits = limiter(redis)
    const policies = ALGORITHMS.map((algorithm) => policy(algorithm, 10))
    const child = runClient(
      server.url,
      `const redis = await Redis.connect(url)
      const limits = new RateLimiter(redis, { prefix: '${limits.prefix}', timeoutMs: '30s' })
      report((await limits.reserve('k', ${JSON.stringify(policies)}, 7)).allowed)
      setInterval(() => {}, 1000)`,
    )
    assert.equal(await child.report, true)
    child.process.kill('SIGKILL')
    await child.ended
    assert.deepEqual((await limits.peek('k', policies)).policies.map(({ remaining }) => remaining), [3, 3, 3, 3, 3])
    const keys = await keysOf(redis, limits)
    assert.ok(keys.some((key) => key.includes(':reserved:')))
    for (const key of keys) assert.ok(Number(await redis.command('PTTL', key)) > 0, key)
  })
})

describe('a reservation whose answer is lost', () => {
  for (const onUnavailable of ['allow', 'local'] as const) {
    test(`is found when it is tried again, and counts once, where '${onUnavailable}' decided meanwhile`, async () => {
      await using server = await realServer({ tcp: true })
      await using proxy = await FaultProxy.start(server)
      await using redis = await Redis.connect({ url: proxy.url, reconnect: { minMs: 5, maxMs: 50 } })
      const limits = limiter(redis, { timeoutMs: 100, onUnavailable })
      const ten = policy('fixedWindow', 10)
      const works = () => until('Redis decides again', async () => !(await limits.check('probe', policy('gcra', 1000))).degraded)
      // The server knows the script from here on.
      await until('Redis reserves', async () => !(await limits.reserve('probe', policy('gcra', 1000), 1)).degraded)
      proxy.dropReplies = true
      const first = await limits.reserve('k', ten, 4, { idempotencyKey: 'once' })
      assert.equal(first.degraded, true)
      proxy.dropReplies = false
      proxy.reset()
      await works()
      let again!: typeof first
      await until('it is tried again', async () => !(again = await limits.reserve('k', ten, 4, { idempotencyKey: 'once' })).degraded)
      assert.deepEqual([again.allowed, again.remaining], [true, 6])
      await works()
      for (let i = 0; i < 20; i++) await limits.check('probe', policy('gcra', 1000))
      assert.equal((await limits.peek('k', ten)).remaining, 6)
      assert.equal(await again.settle(1), true)
      assert.equal((await limits.peek('k', ten)).remaining, 9)
    })
  }
})
