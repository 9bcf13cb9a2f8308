import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { Redis, type RateLimiter } from '../index.js'
import { onEveryBackend } from './support/backends'
import { runClient } from './support/bridge-child'
import { fresh } from './support/cache-tools'
import { MortalServer } from './support/client-server'
import { allowedOf, keysOf, limiter } from './support/limit-tools'
import { realServer } from './support/servers'
import { until } from './support/until'

onEveryBackend('places for those at work at once', (backend) => {
  let limits: RateLimiter & { prefix: string }
  before(() => (limits = limiter(backend.redis)))

  test('are so many and not one more, and free again when released', async () => {
    const key = fresh()
    const slots = await Promise.all(Array.from({ length: 20 }, () => limits.concurrency(key, 3)))
    assert.equal(slots.filter(({ allowed }) => allowed).length, 3)
    assert.deepEqual(slots.filter(({ allowed }) => allowed).map(({ remaining }) => remaining).sort(), [0, 1, 2])
    for (const { allowed, limit, remaining, retryAfterMs, degraded } of slots) {
      assert.deepEqual([limit, degraded], [3, false])
      if (allowed) assert.equal(retryAfterMs, 0)
      else assert.ok(remaining === 0 && retryAfterMs > 0 && retryAfterMs <= 30_000, String(retryAfterMs))
    }
    const held = slots.filter(({ allowed }) => allowed)
    assert.equal(await slots.find(({ allowed }) => !allowed)!.release(), false)
    assert.deepEqual([await held[0]!.release(), await held[0]!.release()], [true, false])
    const next = await limits.concurrency(key, 3)
    assert.deepEqual([next.allowed, next.remaining], [true, 0])
    await Promise.all([...held, next].map((slot) => slot.release()))
    assert.deepEqual((await keysOf(backend.redis, limits)).filter((name) => name.includes(key)), [])
  })

  test('are shared with other clients, and each key has its own', async () => {
    const key = fresh()
    const other = limiter(await backend.connect(), limits)
    const slots = await Promise.all([limits, other, limits, other].map((from) => from.concurrency(key, 2)))
    assert.equal(allowedOf(slots as any), 2)
    assert.equal((await limits.concurrency(fresh(), 2)).remaining, 1)
  })

  test('are freed by the end of a block of code', async () => {
    const key = fresh()
    {
      await using slot = await limits.concurrency(key, 1)
      assert.equal(slot.allowed, true)
      assert.equal((await limits.concurrency(key, 1)).allowed, false)
    }
    assert.equal((await limits.concurrency(key, 1)).allowed, true)
  })

  test('are none where the limit is 0', async () => {
    const { allowed, remaining, retryAfterMs, release } = await limits.concurrency(fresh(), 0)
    assert.deepEqual([allowed, remaining, retryAfterMs, await release()], [false, 0, Infinity, false])
  })

  test('are kept beyond their lease while the process lives', async () => {
    const key = fresh()
    const places = `${limits.prefix}:{${key}}:places`
    const slot = await limits.concurrency(key, 1, { leaseMs: 2000 })
    const ends = async () => {
      const [token] = (await backend.redis.command('ZRANGE', places, '0', '-1')) as unknown as string[]
      return Number(await backend.redis.command('ZSCORE', places, token!))
    }
    const first = await ends()
    await until('the place is kept for longer', async () => (await ends()) > first)
    assert.equal((await limits.concurrency(key, 1)).allowed, false)
    assert.ok(Number(await backend.redis.command('PTTL', places)) > 0)
    assert.equal(await slot.release(), true)
  })
})

describe('a place', () => {
  test('whose holder dies frees itself within its lease', async () => {
    await using server = await realServer({ tcp: true })
    await using redis = await Redis.connect(server.url)
    const limits = limiter(redis)
    const child = runClient(
      server.url,
      `const redis = await Redis.connect(url)
      const limits = new RateLimiter(redis, { prefix: '${limits.prefix}', timeoutMs: '30s' })
      report((await limits.concurrency('k', 1, { leaseMs: 2000 })).allowed)
      setInterval(() => {}, 1000)`,
    )
    assert.equal(await child.report, true)
    child.process.kill('SIGKILL')
    const { allowed, retryAfterMs } = await limits.concurrency('k', 1)
    if (!allowed) assert.ok(retryAfterMs <= 2000, String(retryAfterMs))
    await child.ended
    await until('it is free', async () => (await limits.concurrency('k', 1)).allowed)
  })

  test('that the server has forgotten is not said to have been held', async () => {
    await using server = await realServer()
    await using redis = await Redis.connect(server.url)
    const limits = limiter(redis)
    const slot = await limits.concurrency('k', 1)
    await redis.command('FLUSHALL')
    assert.equal((await limits.concurrency('k', 1)).allowed, true)
    assert.equal(await slot.release(), false)
  })

  test('does not hold the process', async () => {
    await using server = await realServer({ tcp: true })
    const child = runClient(server.url, `
      const redis = await Redis.connect(url)
      await new RateLimiter(redis, { timeoutMs: '30s' }).concurrency('k', 1, { leaseMs: 1000 })
      report('done')
      await redis.close()`)
    const { code, stderr } = await child.ended
    assert.deepEqual([code, stderr], [0, ''])
  })

  test('that this process holds counts also while Redis is away', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect({ url: server.url, reconnect: { minMs: 5, maxMs: 50 } })
    const limits = limiter(redis, { timeoutMs: 100 })
    const slots: Awaited<ReturnType<RateLimiter['concurrency']>>[] = []
    await until('it holds two', async () => {
      const slot = await limits.concurrency('k', 2)
      if (slot.allowed && !slot.degraded) slots.push(slot)
      else await slot.release()
      return slots.length === 2
    })
    await server.crash()
    const third = await limits.concurrency('k', 2)
    assert.deepEqual([third.allowed, third.degraded], [false, true])
    await slots[0]!.release()
    assert.equal((await limits.concurrency('k', 2)).allowed, true)
    assert.equal((await limits.concurrency('k', 2)).allowed, false)
  })
})
