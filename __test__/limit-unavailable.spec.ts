import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Redis, type RateLimiter, type RateLimiterOptions } from '../index.js'
import { freePort, MortalServer } from './support/client-server'
import { FaultProxy } from './support/fault-proxy'
import { allowedOf, limiter, policy } from './support/limit-tools'
import { TestSentinel } from './support/sentinel'
import { realServer } from './support/servers'
import { until } from './support/until'

const SOON = { reconnect: { minMs: 5, maxMs: 50 } }
const MODES = ['allow', 'deny', 'local'] as const
const ten = policy('fixedWindow', 10)

/** What is no decision rejects. */
const UNSERVED = ({ code }: { code?: string }) => code === 'ERR_UNAVAILABLE' || code === 'ERR_CIRCUIT_OPEN'

/** Redis decides again, without anything being done for it. */
const recovered = (limits: RateLimiter) => until('Redis decides again', async () => !(await limits.check(`probe ${Math.random()}`, ten)).degraded)

/** Far more than a deadline of 100 ms, for a machine that is busy; and far less than any time of the client itself. */
const CEILING_MS = 4000

/** Twelve decisions for each of two keys are made without Redis, soon, and as `onUnavailable` says. */
async function assertDegraded(limits: RateLimiter, mode: (typeof MODES)[number] = 'local', share = 10): Promise<void> {
  const begun = performance.now()
  const keys = [Math.random(), Math.random()].map((number) => `away ${number}`)
  for (const key of keys) {
    const results = await Promise.all(Array.from({ length: 12 }, () => limits.check(key, ten)))
    assert.deepEqual(new Set(results.map(({ degraded, limit }) => `${degraded} ${limit}`)), new Set(['true 10']))
    assert.equal(allowedOf(results), { allow: 12, deny: 0, local: share }[mode], mode)
    for (const { allowed, retryAfterMs, resetAt, remaining } of results) {
      assert.ok(allowed ? retryAfterMs === 0 : retryAfterMs > 0 && remaining === 0, String(retryAfterMs))
      assert.ok(Number.isFinite(resetAt))
    }
  }
  assert.ok(performance.now() - begun < 2 * CEILING_MS, 'within the deadline')
}

for (const mode of MODES) {
  const options: RateLimiterOptions = { timeoutMs: 100, onUnavailable: mode }

  describe(`where '${mode}' decides without Redis`, () => {
    test('all methods answer while it is absent, and find it when it comes', async () => {
      await using server = MortalServer.prepare()
      await using redis = new Redis({ url: server.url, ...SOON })
      const limits = limiter(redis, options)
      await assertDegraded(limits, mode)
      const reservation = await limits.reserve('r', ten, 3)
      assert.deepEqual([reservation.allowed, reservation.degraded, await reservation.settle(1)], [mode !== 'deny', true, false])
      const slot = await limits.concurrency('s', 1)
      assert.deepEqual([slot.allowed, slot.degraded, await slot.release()], [mode !== 'deny', true, mode !== 'deny'])
      for (const work of [limits.peek('p', ten), limits.refund('p', ten), limits.penalize('p', ten), limits.fixedWindow('p', 5, 1), limits.gcra('p', { limit: 5, period: 1000 })]) {
        assert.deepEqual([(await work).degraded, (await work).allowed], [true, mode !== 'deny'])
      }
      await assert.rejects(limits.block('b', '1h'), UNSERVED)
      await assert.rejects(limits.reset('b'), UNSERVED)
      assert.ok(limits.metrics().degraded >= 24)
      await server.start()
      await recovered(limits)
      assert.equal((await limits.check('fresh', ten)).remaining, 9)
    })

    test('decisions are made while it hangs', async () => {
      await using server = await MortalServer.start()
      await using redis = await Redis.connect({ url: server.url, ...SOON })
      const limits = limiter(redis, options)
      await recovered(limits)
      server.kill('SIGSTOP')
      await assertDegraded(limits, mode)
      server.kill('SIGCONT')
      await recovered(limits)
    })

    test('decisions are made while it is started again', async () => {
      await using server = await MortalServer.start()
      await using redis = await Redis.connect({ url: server.url, ...SOON })
      const limits = limiter(redis, options)
      await recovered(limits)
      await server.crash()
      await assertDegraded(limits, mode)
      await server.start()
      await recovered(limits)
    })
  })
}

describe('without Redis', () => {
  const options = { timeoutMs: 100 } as const

  test('a server that has forgotten its scripts or all keys is no failure', async () => {
    await using server = await realServer()
    await using redis = await Redis.connect(server.url)
    const limits = limiter(redis)
    await limits.check('k', ten, { cost: 10 })
    await redis.command('SCRIPT', 'FLUSH')
    assert.deepEqual(told(await limits.check('other', ten)), [true, 9, false])
    assert.deepEqual(told(await limits.peek('k', ten)), [false, 0, false])
    await redis.command('FLUSHALL')
    assert.deepEqual(told(await limits.peek('k', ten)), [true, 10, false])
  })

  test('decisions are made while a master is replaced', async () => {
    await using sentinel = await TestSentinel.start()
    await using redis = await Redis.connect({ ...sentinel.options, ...SOON })
    const limits = limiter(redis, options)
    await recovered(limits)
    const before = await sentinel.master()
    await before.crash()
    await assertDegraded(limits)
    await sentinel.untilMasterIsNot(before)
    await recovered(limits)
  })

  test('a closed client decides nothing, and neither does one whose breaker is open or that has too much to do', async () => {
    await using closed = new Redis({ port: await freePort() })
    await closed.close()
    await using broken = new Redis({ port: await freePort(), breaker: { threshold: 1, openMs: '1h' } })
    await assert.rejects(broken.command('PING'))
    await until('its breaker is open', () => broken.command('PING').then(() => false, ({ code }) => code === 'ERR_CIRCUIT_OPEN'))
    await using busy = new Redis({ port: await freePort(), maxPending: 1, commandTimeout: '1h' })
    busy.command('PING').catch(() => {})
    for (const redis of [closed, broken, busy]) {
      for (const mode of MODES) await assertDegraded(limiter(redis, { ...options, onUnavailable: mode }), mode)
      const limits = limiter(redis, options)
      assert.equal((await limits.reserve('k', ten, 1)).degraded, true)
      assert.equal((await limits.concurrency('k', 1)).degraded, true)
    }
    await busy.close({ timeoutMs: 1 })
  })

  test('decisions are made where the server takes no writes', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect({ url: server.url, ...SOON })
    const limits = limiter(redis, options)
    const troubles: [begin: string, end: string][] = [
      [`REPLICAOF 127.0.0.1 ${await freePort()}`, 'REPLICAOF NO ONE'],
      ['CONFIG SET maxmemory 1', 'CONFIG SET maxmemory 0'],
      ['CONFIG SET min-replicas-to-write 1', 'CONFIG SET min-replicas-to-write 0'],
    ]
    for (const [begin, end] of troubles) {
      await recovered(limits)
      await server.ask(begin)
      await assertDegraded(limits)
      await server.ask(end)
      await recovered(limits)
    }
  })

  test('what was sent and not answered is never sent again', async () => {
    await using server = await realServer({ tcp: true })
    await using proxy = await FaultProxy.start(server)
    await using direct = await Redis.connect(server.url)
    await using redis = await Redis.connect({ url: proxy.url, ...SOON })
    for (const fault of ['replies are lost', 'nothing passes', 'connections end'] as const) {
      const limits = limiter(redis, { ...options, onUnavailable: 'allow' })
      await recovered(limits)
      if (fault === 'replies are lost') proxy.dropReplies = true
      else proxy.freeze()
      const keys = Array.from({ length: 50 }, (_, i) => `${fault} ${i}`)
      const asked = Promise.all([...keys.map((key) => limits.check(key, ten)), ...keys.map((key) => limits.penalize(key, policy('slidingWindow', 5))), ...keys.map((key) => limits.reserve(key, policy('slidingCounter', 5), 1))])
      if (fault === 'connections end') proxy.reset()
      assert.ok((await asked).every(({ degraded }) => degraded))
      proxy.dropReplies = false
      proxy.thaw()
      proxy.reset()
      await recovered(limits)
      const there = limiter(direct, { prefix: limits.prefix })
      const counted = await Promise.all(keys.map((key) => there.peek(key, [ten, policy('slidingWindow', 5), policy('slidingCounter', 5)])))
      for (const { policies } of counted) {
        const used = policies.map(({ limit, remaining }) => limit - remaining)
        assert.ok(used.every((units) => units <= 1), `${fault}: ${used}`)
        if (fault === 'replies are lost') assert.equal(used[0], 1)
      }
    }
  })
})

const told = ({ allowed, remaining, degraded }: { allowed: boolean; remaining: number; degraded: boolean }) => [allowed, remaining, degraded]
