import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis, type RateLimiter } from '../index.js'
import { TestCluster } from './support/cluster'
import { limiter, policy } from './support/limit-tools'
import { until } from './support/until'

let cluster: TestCluster
before(async () => {
  cluster = await TestCluster.start()
})
after(() => cluster?.stop())

const ten = policy('fixedWindow', 10)
const hundred = policy('fixedWindow', 100)
const KEYS = Array.from({ length: 60 }, (_, i) => `key ${i}`)

/** All nodes decide. */
const works = (limits: RateLimiter) => until('all nodes decide', async () => (await Promise.all(KEYS.map((key) => limits.peek(key, ten)))).every(({ degraded }) => !degraded))

describe('a limit on a cluster', () => {
  const connect = () => Redis.connect({ ...cluster.options, reconnect: { minMs: 5, maxMs: 50 } })

  test('is counted once, and kept, while its slot moves', async () => {
    await using redis = await connect()
    const limits = limiter(redis, { onUnavailable: 'deny' })
    const from = await cluster.owner(`{moving}`)
    const to = (await cluster.primaries()).find((node) => node !== from)!
    let allowed = 0
    const ask = async () => {
      if ((await limits.check('moving', hundred)).allowed) allowed++
    }
    await ask()
    await cluster.migrate([cluster.slotOf('{moving}')], from, to, { keysPerStep: 1, onStep: ask })
    await ask()
    const { remaining, degraded } = await limits.peek('moving', hundred)
    assert.deepEqual([remaining, degraded], [100 - allowed, false])
    assert.ok(allowed >= 3)
  })

  test('is decided at every step while its slot moves, and by Redis again when it has', async () => {
    await using redis = await connect()
    const limits = limiter(redis)
    const from = await cluster.owner(`{steps}`)
    const to = (await cluster.primaries()).find((node) => node !== from)!
    let steps = 0
    const onStep = async () => {
      assert.equal((await limits.check('steps', hundred)).allowed, true)
      steps++
    }
    assert.equal((await limits.check('steps', hundred)).degraded, false)
    await cluster.migrate([cluster.slotOf('{steps}')], from, to, { onStep })
    assert.ok(steps > 0)
    // What was allowed without it is counted in the end.
    await until('all is counted', async () => {
      const { degraded, remaining } = await limits.peek('steps', hundred)
      return !degraded && remaining <= 99 - steps
    })
  })

  test('is decided by Redis while another node hangs', async () => {
    await using redis = await connect()
    const limits = limiter(redis, { timeoutMs: 500 })
    await works(limits)
    const [node] = await cluster.primaries()
    node!.kill('SIGSTOP')
    const results = await Promise.all(KEYS.map((key) => limits.check(key, ten)))
    node!.kill('SIGCONT')
    const degraded = results.filter((result) => result.degraded).length
    await works(limits)
    assert.ok(degraded > 0 && degraded < 50, `${degraded} of 60`)
  })

  test('is not refused from memory behind a reset, though another node answers later', async () => {
    await using redis = await connect()
    const [node] = await cluster.primaries()
    const isThere = async (key: string) => (await cluster.owner(key)) === node
    const find = async (what: string, there: boolean) => {
      for (let i = 0; ; i++) if ((await isThere(`{${what}${i}}`)) === there) return what + i
    }
    // What is asked for here is all on nodes that answer, but for one key.
    const limits = limiter(redis, { prefix: await find('prefix', false) })
    const [key, other] = [await find('k', false), await find('k', true)]
    await limits.check(key, ten, { cost: 10 })
    await limits.check(other, ten)
    node!.kill('SIGSTOP')
    const asked = Promise.all([limits.check(key, ten), limits.check(other, ten)])
    // Behind it on the same connection.
    assert.equal(await redis.command('EXISTS', `${limits.prefix}:{${key}}:f:test`), 1)
    await limits.reset(key)
    node!.kill('SIGCONT')
    assert.deepEqual((await asked).map(({ allowed, degraded }) => [allowed, degraded]), [[false, false], [true, false]])
    assert.equal((await limits.check(key, ten)).allowed, true)
  })

  test('is decided by Redis again when a replica has taken the place of its primary', async () => {
    await using redis = await connect()
    const limits = limiter(redis, { timeoutMs: 100 })
    await works(limits)
    const primary = (await cluster.primaries())[0]!
    const [replica] = await cluster.replicasOf(primary)
    if (replica !== undefined) await cluster.failover(replica)
    const results = await Promise.all(KEYS.map((key) => limits.check(key, ten)))
    assert.ok(results.every(({ allowed }) => allowed))
    await works(limits)
  })
})
