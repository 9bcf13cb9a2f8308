import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { RateLimiter, RateLimitPolicy } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { ALGORITHMS, allowedOf, keysOf, limiter, policy } from './support/limit-tools'
import { slotOf } from './support/slots'

const IDS = ['plain', 'with:colon', '{braced}', '{}', '}{', '{', 'a}b', '%7B', '%', '*?[a-z]\\', 'ключ', '😀', ' ', '\n\r\t', "' \" `", '\u{1}', 'x'.repeat(10_240), '{é}:g:test']

onEveryBackend('several policies', (backend) => {
  let limits: RateLimiter & { prefix: string }
  before(() => (limits = limiter(backend.redis)))
  const left = async (key: string, policies: readonly RateLimitPolicy[]) => (await limits.peek(key, policies)).policies.map(({ remaining }) => remaining)

  test('all count, or none does, whichever refuses', async () => {
    for (const tight of ALGORITHMS) {
      const key = fresh()
      const policies = ALGORITHMS.map((algorithm) => policy(algorithm, algorithm === tight ? 3 : 100))
      const expected = (used: number) => ALGORITHMS.map((algorithm) => (algorithm === tight ? 3 : 100) - used)
      const first = await limits.check(key, policies, { cost: 2 })
      assert.deepEqual([first.allowed, first.limit, first.remaining], [true, 3, 1])
      assert.deepEqual(first.policies.map(({ allowed, remaining, retryAfterMs }) => [allowed, remaining, retryAfterMs]), expected(2).map((remaining) => [true, remaining, 0]))
      const { allowed, limit, remaining, retryAfterMs, policies: each } = await limits.check(key, policies, { cost: 2 })
      assert.deepEqual([allowed, limit, remaining, retryAfterMs > 0], [false, 3, 1, true])
      for (const [i, told] of each.entries()) {
        assert.deepEqual([told.name, told.limit, told.allowed, told.remaining], ['test', ALGORITHMS[i] === tight ? 3 : 100, ALGORITHMS[i] !== tight, expected(2)[i]], `${tight}, ${ALGORITHMS[i]}`)
        assert.equal(told.retryAfterMs > 0, ALGORITHMS[i] === tight)
      }
      assert.deepEqual(await left(key, policies), expected(2))
      assert.equal((await limits.check(key, policies)).allowed, true)
    }
  })

  test('that refuse for longest decide, and those that have the smallest part left', async () => {
    const key = fresh()
    const [short, long] = [policy('fixedWindow', 5, { name: 'short', period: '1h' }), policy('fixedWindow', 5, { name: 'long', period: '10d' })]
    await limits.check(key, [short, long], { cost: 5 })
    const { retryAfterMs, resetAt, policies } = await limits.check(key, [short, long])
    assert.ok(retryAfterMs > 9 * 86_400_000)
    assert.equal(resetAt, policies[1]!.resetAt)
    const another = fresh()
    const { limit, remaining } = await limits.check(another, [policy('fixedWindow', 4, { name: 'a' }), policy('fixedWindow', 100, { name: 'b' })])
    assert.deepEqual([limit, remaining], [4, 3])
  })

  test('that can never allow as much say so, each for itself', async () => {
    const key = fresh()
    const policies = [policy('gcra', 5), policy('fixedWindow', 50)]
    await limits.check(key, policies, { cost: 2 })
    const { allowed, retryAfterMs, remaining, policies: each } = await limits.check(key, policies, { cost: 6 })
    assert.deepEqual([allowed, retryAfterMs, remaining], [false, Infinity, 3])
    assert.deepEqual(each.map((one) => [one.allowed, one.retryAfterMs, one.remaining]), [[false, Infinity, 3], [true, 0, 48]])
  })

  test('one that is penalised refuses for all, and a refund frees all', async () => {
    const key = fresh()
    const [one, other] = [policy('gcra', 10, { name: 'one' }), policy('slidingWindow', 10, { name: 'other' })]
    await limits.penalize(key, one, 10)
    assert.equal((await limits.check(key, [one, other])).allowed, false)
    assert.deepEqual(await left(key, [one, other]), [0, 10])
    await limits.refund(key, [one, other], 3)
    assert.deepEqual(await left(key, [one, other]), [3, 10])
    assert.equal((await limits.check(key, [one, other], { cost: 3 })).allowed, true)
  })

  test('of a thousand keys in one turn: each of them by its own', async () => {
    const policies = [policy('gcra', 1), policy('fixedWindow', 2)]
    const keys = Array.from({ length: 1000 }, (_, i) => `key ${i}`)
    const first = await Promise.all(keys.map((key) => limits.check(key, policies)))
    assert.equal(allowedOf(first), 1000)
    assert.ok(first.every(({ degraded, policies: [one, two] }) => !degraded && one!.remaining === 0 && two!.remaining === 1))
    assert.equal(allowedOf(await Promise.all(keys.map((key) => limits.check(key, policies)))), 0)
  })

  test('share a slot for any id, and no two ids share their counts', async () => {
    const some = limiter(backend.redis, { prefix: '{a}:%{' + fresh() })
    const policies = ALGORITHMS.map((algorithm) => policy(algorithm, 5))
    const results = await Promise.all(IDS.map((id) => some.check(id, policies, { cost: 2 })))
    assert.ok(results.every(({ allowed, degraded, policies }) => allowed && !degraded && policies.every(({ remaining }) => remaining === 3)))
    const escaped = some.prefix.replace(/[%:{}]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
    const keys = (await keysOf(backend.redis, { prefix: escaped })).filter((key) => !key.startsWith(`${escaped}:%`))
    assert.equal(keys.length, IDS.length * ALGORITHMS.length)
    const ids = grouped(keys)
    assert.equal(ids.size, IDS.length)
    for (const [id, of] of ids) {
      assert.equal(of.length, ALGORITHMS.length)
      assert.equal(new Set(of.map(slotOf)).size, 1, id)
    }
    for (const id of IDS) {
      assert.equal((await some.reserve(id, policies, 1)).allowed, true)
      await some.block(id, '1h')
      assert.equal((await some.check(id, policies)).allowed, false)
      await some.reset(id)
      assert.deepEqual((await some.peek(id, policies)).policies.map(({ remaining }) => remaining), [5, 5, 5, 5, 5])
      const slot = await some.concurrency(id, 1)
      assert.deepEqual([slot.allowed, await slot.release()], [true, true])
    }
  })
})

/** Keys by their id. */
function grouped(keys: readonly string[]): Map<string, string[]> {
  const ids = new Map<string, string[]>()
  for (const key of keys) {
    const id = key.slice(0, key.lastIndexOf('}'))
    ids.set(id, [...(ids.get(id) ?? []), key])
  }
  return ids
}
