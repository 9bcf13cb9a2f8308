import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { RateLimiter } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { ALGORITHMS, keyOf, keysOf, limiter, passed, policy } from './support/limit-tools'
import { until } from './support/until'

// What is done to what was counted, beside decisions.
onEveryBackend('what a limit has counted', (backend) => {
  let limits: RateLimiter & { prefix: string }
  before(() => (limits = limiter(backend.redis)))

  const command = (...words: string[]) => backend.redis.command(words[0]!, ...words.slice(1))
  const remaining = async (key: string, ...policies: ReturnType<typeof policy>[]) => (await limits.peek(key, policies)).policies.map((one) => one.remaining)

  for (const algorithm of ALGORITHMS) {
    const ten = policy(algorithm, 10)

    test(`${algorithm}: a refund gives back, and never more than was taken`, async () => {
      const key = fresh()
      await limits.check(key, ten, { cost: 6 })
      assert.equal((await limits.refund(key, ten, 2)).remaining, 6)
      assert.equal((await limits.refund(key, ten)).remaining, 7)
      assert.equal((await limits.refund(key, ten, 100)).remaining, 10)
      assert.equal((await limits.check(key, ten, { cost: 10 })).remaining, 0)
      assert.equal((await limits.check(key, ten)).allowed, false)
    })

    test(`${algorithm}: a refund for an unknown key makes none`, async () => {
      const key = fresh()
      const { allowed, remaining, degraded } = await limits.refund(key, ten, 5)
      assert.deepEqual([allowed, remaining, degraded], [true, 10, false])
      assert.deepEqual((await keysOf(backend.redis, limits)).filter((name) => name.includes(key)), [])
    })

    test(`${algorithm}: a penalty takes over the limit too, and lasts for longer`, async () => {
      const key = fresh()
      assert.equal((await limits.penalize(key, ten)).remaining, 9)
      const { allowed, remaining, retryAfterMs } = await limits.penalize(key, ten, 19)
      assert.deepEqual([allowed, remaining], [false, 0])
      if (algorithm === 'gcra') assert.ok(retryAfterMs > 30 * 86_400_000, 'eleven units of three days')
      assert.equal((await limits.refund(key, ten, 11)).remaining, 1)
      assert.equal((await limits.check(key, ten)).allowed, true)
    })

    test(`${algorithm}: the largest penalties are counted, also one after the other`, async () => {
      const key = fresh()
      const slow = { ...ten, limit: 1, period: '366d' } as const
      for (let i = 0; i < 3; i++) {
        const { allowed, degraded, retryAfterMs } = await limits.penalize(key, slow, 2 ** 31)
        assert.deepEqual([allowed, degraded, retryAfterMs > 0], [false, false, true])
      }
      assert.equal((await limits.check(key, slow)).allowed, false)
    })

    test(`${algorithm}: what lost its TTL comes back to life`, async () => {
      const key = fresh()
      const name = keyOf(limits, key, algorithm)
      await limits.check(key, ten)
      assert.equal(await command('PERSIST', name), 1)
      assert.equal((await limits.check(key, ten)).degraded, false)
      assert.ok(Number(await command('PTTL', name)) > 0)
    })
  }

  test('is forgotten by a reset, under all policies and whoever has used them', async () => {
    const key = fresh()
    const own = ALGORITHMS.map((algorithm) => policy(algorithm, 10))
    const others = ALGORITHMS.map((algorithm) => policy(algorithm, 10, { name: 'other' }))
    const another = limiter(await backend.connect(), limits)
    await limits.check(key, own, { cost: 10 })
    await another.check(key, others, { cost: 10 })
    assert.deepEqual(await remaining(key, ...own, ...others), Array(10).fill(0))
    // What a process uses it tells of on a connection of its own, where it has several.
    await until('it is reset', async () => {
      await limits.reset(key)
      return (await remaining(key, ...own, ...others)).every((left) => left === 10)
    })
    await limits.reset(fresh('unknown'))
  })

  test('is forgotten by a reset too where it was only reserved, or taken as a penalty', async () => {
    const some = limiter(backend.redis)
    const [reserved, taken] = [policy('gcra', 10, { name: 'reserved' }), policy('fixedWindow', 10, { name: 'taken' })]
    await some.reserve('a', reserved, 10)
    await some.penalize('a', taken, 10)
    await some.reset('a')
    const left = await some.peek('a', [reserved, taken])
    assert.deepEqual(left.policies.map(({ remaining }) => remaining), [10, 10])
  })

  test('is not asked for while a key is blocked, and goes on behind it', async () => {
    const key = fresh()
    const five = policy('fixedWindow', 5)
    await limits.check(key, five, { cost: 2 })
    await limits.block(key, '1h')
    const { allowed, remaining, retryAfterMs, degraded } = await limits.check(key, five)
    assert.deepEqual([allowed, remaining, degraded], [false, 0, false])
    assert.ok(retryAfterMs > 3_500_000 && retryAfterMs <= 3_600_000, String(retryAfterMs))
    assert.equal((await limits.peek(key, five)).allowed, false)
    await limits.block(key, 100)
    const told = await limits.peek(key, five)
    if (!told.allowed) await passed(told.retryAfterMs)
    await until('it is allowed again', async () => (await limits.peek(key, five)).allowed)
    assert.equal((await limits.peek(key, five)).remaining, 3)
    await until('it counts again', async () => (await limits.check(key, five)).allowed)
    assert.equal((await limits.peek(key, five)).remaining, 2)
  })

  test('is free at once when a reset ends a block', async () => {
    const key = fresh()
    const five = policy('slidingWindow', 5)
    await limits.block(key, '1h')
    assert.equal((await limits.check(key, five)).allowed, false)
    await limits.reset(key)
    assert.equal((await limits.check(key, five)).allowed, true)
  })

  test('is decided without Redis where a key of another kind is in its place, which stays; others of the same turn do not notice', async () => {
    const key = fresh()
    const kinds = ['fixedWindow', 'slidingWindow', 'slidingCounter'] as const
    for (const algorithm of kinds) {
      const name = keyOf(limits, key, algorithm)
      await command('HSET', name, 'a', 'b')
      const each = await Promise.all([key, fresh(), fresh()].map((one) => limits.check(one, policy(algorithm, 5))))
      assert.deepEqual(each.map(({ allowed, degraded }) => [allowed, degraded]), [[true, true], [true, false], [true, false]])
      assert.equal(await command('HGET', name, 'a'), 'b')
    }
    for (const value of ['1.5', '0x10', '05', 'text']) {
      const foreign = fresh()
      await command('SET', keyOf(limits, foreign, 'fixedWindow'), value, 'PX', '1000000')
      const each = await Promise.all([fresh(), foreign, fresh()].map((one) => limits.check(one, policy('fixedWindow', 50))))
      assert.deepEqual(each.map(({ degraded }) => degraded), [false, true, false], value)
      assert.equal(await command('GET', keyOf(limits, foreign, 'fixedWindow')), value)
    }
  })
})
