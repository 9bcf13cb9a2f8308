import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis, type RateLimiter } from '../index.js'
import type { TestServer } from '../testing.js'
import { fresh, sentBy } from './support/cache-tools'
import { ALGORITHMS, allowedOf, limiter, policy } from './support/limit-tools'
import { realServer } from './support/servers'

// What leaves together, as the server counts it.
describe('the decisions of a turn', () => {
  let server: TestServer
  let redis: Redis
  let limits: RateLimiter
  const ten = policy('fixedWindow', 10)
  before(async () => {
    server = await realServer()
    redis = await Redis.connect(server.url)
    limits = limiter(redis)
    // The server learns the scripts, and which policies there are.
    await limits.check('warm', [policy('gcra', 9, { name: 'two' }), ...ALGORITHMS.map((algorithm) => policy(algorithm, 1_000_000))])
    await limits.reserve('warm', ten, 1).then((reservation) => reservation.settle(2))
    await limits.penalize('warm', ten)
    await limits.concurrency('warm', 5).then((slot) => slot.release())
  })
  after(async () => {
    await redis.close()
    await server.stop()
  })
  const evals = async (work: () => unknown) => (await sentBy(redis, work)).evalsha ?? 0

  test('for one key are one call of a script, and granted first come, first served', async () => {
    for (const algorithm of ALGORITHMS) {
      const key = fresh()
      let results!: Awaited<ReturnType<RateLimiter['check']>>[]
      const sent = await evals(async () => (results = await Promise.all(Array.from({ length: 100 }, () => limits.check(key, policy(algorithm, 10))))))
      assert.equal(sent, 1)
      assert.deepEqual(results.map(({ allowed }) => allowed), Array.from({ length: 100 }, (_, i) => i < 10))
      assert.deepEqual(results.slice(0, 11).map(({ remaining }) => remaining), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0])
    }
  })

  test('of different costs are granted in their order, each that fits', async () => {
    const key = fresh()
    const costs = [4, 7, 3, 4, 2, 1, 1]
    const results = await Promise.all([...costs.map((cost) => limits.check(key, ten, { cost })), limits.peek(key, ten)])
    assert.deepEqual(results.map(({ allowed, remaining }) => [allowed, remaining]), [[true, 6], [false, 6], [true, 3], [false, 3], [true, 1], [true, 0], [false, 0], [false, 0]])
  })

  test('for many keys leave in few calls', async () => {
    const ask = (count: number) => () => Promise.all(Array.from({ length: count }, () => limits.check(fresh(), ten)))
    assert.equal(await evals(ask(1)), 1)
    assert.equal(await evals(ask(32)), 1)
    assert.equal(await evals(ask(128)), 4)
    // What was asked for in the turn before says how much is asked for at a time.
    assert.equal(await evals(ask(512)), 8)
    assert.equal(await evals(ask(100)), 2)
    assert.equal(await evals(ask(100)), 2)
  })

  test('of several policies, sets of policies and methods leave in one call', async () => {
    assert.equal(await evals(() => Promise.all(ALGORITHMS.map((algorithm) => limits.check(fresh(), [policy(algorithm, 5), policy('gcra', 7, { name: 'two' })])))), 1)
    assert.equal(await evals(() => Promise.all([limits.check(fresh(), ten), limits.peek(fresh(), ten)])), 1)
  })

  test('of one key under two sets share their counts', async () => {
    const key = fresh()
    const results = await Promise.all([limits.check(key, policy('fixedWindow', 10), { cost: 6 }), limits.check(key, policy('fixedWindow', 8), { cost: 3 }), limits.check(key, policy('fixedWindow', 10), { cost: 4 })])
    assert.equal(results.filter(({ allowed }) => allowed).length, 2)
    assert.equal((await limits.peek(key, ten)).remaining, 0)
  })

  test('write nothing where they are refused', async () => {
    for (const algorithm of ALGORITHMS) {
      const key = fresh()
      await limits.check(key, policy(algorithm, 10), { cost: 9 })
      const sent = await sentBy(redis, async () => assert.equal((await limits.check(key, policy(algorithm, 10), { cost: 2 })).allowed, false))
      const writes = Object.keys(sent).filter((name) => !/^(evalsha|time|mget|get|pttl|lrange|command(\|info)?)$/.test(name))
      assert.deepEqual(writes, [], algorithm)
    }
  })

  test('under a limit of 0 ask nobody', async () => {
    assert.deepEqual(await sentBy(redis, () => Promise.all(ALGORITHMS.map((algorithm) => limits.check('a', policy(algorithm, 0))))), {})
  })

  const calls: [what: string, work: () => Promise<unknown>, evalsha: number][] = [
    ['a reservation', () => limits.reserve(fresh(), ten, 1), 1],
    ['a refund', () => limits.refund('warm', ten), 1],
    ['a penalty', () => limits.penalize('warm', ten), 1],
    ['a place', () => limits.concurrency('warm', 5), 1],
  ]
  for (const [what, work, evalsha] of calls) test(`${what} is one round trip`, async () => assert.equal(await evals(work), evalsha))

  test('a turn of a thousand allows exactly the limit', async () => {
    const key = fresh()
    assert.equal(allowedOf(await Promise.all(Array.from({ length: 1000 }, () => limits.gcra(key, { limit: 700, period: '366d' })))), 700)
  })
})
