import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { RateLimiter } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { ALGORITHMS, limiter, passed, policy, refused, serverNow } from './support/limit-tools'

const DAYS_30 = 30 * 86_400_000

const isDrained = (algorithm: string) => algorithm === 'gcra' || algorithm === 'tokenBucket'
const told = ({ allowed, remaining }: { allowed: boolean; remaining: number }) => [allowed, remaining]

onEveryBackend('a limit', (backend) => {
  let limits: RateLimiter
  before(() => (limits = limiter(backend.redis)))

  for (const algorithm of ALGORITHMS) {
    test(`${algorithm}: allows its limit and not one more, and says what is left`, async () => {
      const key = fresh()
      const three = policy(algorithm, 3)
      for (const remaining of [2, 1, 0]) {
        const { policies, resetAt, resetAfterMs, ...result } = await limits.check(key, three)
        assert.deepEqual(result, { allowed: true, limit: 3, remaining, retryAfterMs: 0, degraded: false })
        assert.deepEqual(policies, [{ name: 'test', resetAt, resetAfterMs, ...result }])
        assert.ok(Number.isInteger(resetAfterMs) && resetAfterMs > 0 && resetAfterMs <= 2 * DAYS_30, String(resetAfterMs))
      }
      const { retryAfterMs, resetAt, resetAfterMs, policies, ...result } = await limits.check(key, three)
      assert.deepEqual(result, { allowed: false, limit: 3, remaining: 0, degraded: false })
      assert.deepEqual(policies, [{ name: 'test', resetAt, resetAfterMs, retryAfterMs, ...result }])
      assert.ok(Number.isInteger(retryAfterMs) && retryAfterMs > 0 && retryAfterMs <= 2 * DAYS_30, String(retryAfterMs))
      // Another key has its own.
      assert.equal((await limits.check(fresh(), three)).remaining, 2)
    })

    test(`${algorithm}: at retryAfterMs the same passes, in windows of less than a second too`, async () => {
      const key = fresh()
      for (const cost of [1, 3]) {
        const ask = () => limits.check(key, { ...policy(algorithm, 3), period: 120 }, { cost })
        const { retryAfterMs } = await refused(ask)
        assert.ok(retryAfterMs > 0 && retryAfterMs <= 240, String(retryAfterMs))
        await passed(retryAfterMs)
        assert.equal((await ask()).allowed, true)
      }
    })

    test(`${algorithm}: a limit of 0 allows nothing, one of 2³¹ all of it`, async () => {
      const key = fresh()
      const none = await limits.check(key, policy(algorithm, 0))
      assert.deepEqual([none.allowed, none.remaining, none.retryAfterMs], [false, 0, Infinity])
      const most = { ...policy(algorithm, 2 ** 31), ...(isDrained(algorithm) && { limit: 100_000, burst: 2 ** 31 }) }
      assert.equal((await limits.check(key, most)).remaining, 2 ** 31 - 1)
      assert.equal((await limits.check(key, most, { cost: 2 ** 31 - 1 })).remaining, 0)
      const { allowed, retryAfterMs, degraded } = await limits.check(key, most)
      assert.deepEqual([allowed, retryAfterMs > 0, degraded], [false, true, false])
    })

    test(`${algorithm}: a cost counts as so many, or not at all`, async () => {
      const key = fresh()
      const ten = policy(algorithm, 10)
      const ask = async (cost: number) => {
        const { allowed, remaining, retryAfterMs } = await limits.check(key, ten, { cost })
        return [allowed, remaining, retryAfterMs === Infinity]
      }
      assert.deepEqual(await ask(7), [true, 3, false])
      assert.deepEqual(await ask(4), [false, 3, false])
      assert.deepEqual(await ask(3), [true, 0, false])
      const never = await limits.check(fresh(), ten, { cost: 11 })
      assert.deepEqual([never.allowed, never.remaining, never.retryAfterMs, never.resetAfterMs, never.degraded], [false, 10, Infinity, 0, false])
    })

    test(`${algorithm}: a look counts nothing`, async () => {
      const key = fresh()
      const five = policy(algorithm, 5)
      for (const cost of [1, 5, 5]) assert.deepEqual(told(await limits.peek(key, five, { cost })), [true, 5])
      await limits.check(key, five, { cost: 3 })
      assert.deepEqual(told(await limits.peek(key, five, { cost: 2 })), [true, 2])
      const { allowed, remaining, retryAfterMs } = await limits.peek(key, five, { cost: 3 })
      assert.deepEqual([allowed, remaining, retryAfterMs > 0], [false, 2, true])
      assert.equal((await limits.peek(key, five, { cost: 6 })).retryAfterMs, Infinity)
    })

    test(`${algorithm}: a limit that differs from call to call shares what was counted`, async () => {
      const key = fresh()
      await limits.check(key, policy(algorithm, 10), { cost: 5 })
      assert.deepEqual(told(await limits.peek(key, policy(algorithm, 10))), [true, 5])
      // What drains is a part of the limit.
      assert.deepEqual(told(await limits.peek(key, policy(algorithm, 2))), isDrained(algorithm) ? [true, 1] : [false, 0])
      assert.deepEqual(told(await limits.peek(key, policy(algorithm, 50))), isDrained(algorithm) ? [true, 25] : [true, 45])
    })
  }

  for (const algorithm of ALGORITHMS.filter(isDrained)) {
    test(`${algorithm}: a limit of another rate does not forget what was taken`, async () => {
      const key = fresh()
      const many = { ...policy(algorithm, 999_983), period: '1h' } as const
      await limits.check(key, many, { cost: 900_000 })
      const few = { ...policy(algorithm, 7), period: '1h' } as const
      assert.deepEqual(told(await limits.peek(key, few)), [false, 0])
    })

    test(`${algorithm}: comes back evenly, and holds a burst`, async () => {
      const key = fresh()
      const bursty = { ...policy(algorithm, 30), burst: 5 }
      const { allowed, limit, remaining } = await limits.check(key, bursty, { cost: 4 })
      assert.deepEqual([allowed, limit, remaining], [true, 5, 1])
      const { retryAfterMs } = await limits.check(key, bursty, { cost: 2 })
      assert.ok(retryAfterMs > 86_400_000 - 60_000 && retryAfterMs <= 86_400_000, `a unit a day: ${retryAfterMs}`)
    })
  }

  test('says when all of it will be there again, by the clock of the server', async () => {
    const ms = { fixedWindow: DAYS_30, slidingWindow: DAYS_30, gcra: DAYS_30 / 30, tokenBucket: DAYS_30 / 30 }
    for (const algorithm of ALGORITHMS) {
      const before = await serverNow(backend.redis)
      const { resetAt } = await limits.check(fresh(), policy(algorithm, 30))
      const after = await serverNow(backend.redis)
      if (algorithm === 'slidingCounter') assert.equal(resetAt % DAYS_30, 0, 'its windows are those of the clock')
      // Nodes of a cluster read the same clock.
      else assert.ok(resetAt >= before + ms[algorithm] && resetAt <= after + ms[algorithm], `${algorithm}: ${resetAt} from ${before} to ${after}`)
    }
  })

  test('says so to the millisecond for each of many keys of a turn', async () => {
    const each = await Promise.all(Array.from({ length: 500 }, () => limits.check(fresh(), policy('slidingCounter', 30))))
    assert.deepEqual(new Set(each.map(({ resetAt }) => resetAt % DAYS_30)), new Set([0]))
  })

  test('has a method for each algorithm', async () => {
    const key = fresh()
    const limits = limiter(backend.redis)
    const pick = ({ allowed, limit, remaining, degraded }: any) => [allowed, limit, remaining, degraded]
    assert.deepEqual(pick(await limits.fixedWindow(key, 5, '30d', { cost: 2 })), [true, 5, 3, false])
    assert.deepEqual(pick(await limits.slidingWindow(key, 5, '30d', { cost: 2 })), [true, 5, 3, false])
    assert.deepEqual(pick(await limits.tokenBucket(key, 5, 0.000001, 2)), [true, 5, 3, false])
    assert.deepEqual(pick(await limits.gcra(key, { limit: 5, period: '30d', cost: 2 })), [true, 5, 3, false])
    assert.deepEqual(pick(await limits.gcra(key, { limit: 5, period: '30d', burst: 3, cost: 2 })), [false, 3, 1, false])
    // A number of seconds, as `check` has it in ms, and under the same name.
    await limits.fixedWindow(key, 5, 3600)
    assert.equal((await limits.peek(key, { algorithm: 'fixedWindow', limit: 5, period: 3_600_000 })).remaining, 4)
    assert.deepEqual(limits.metrics().degraded, 0)
  })
})
