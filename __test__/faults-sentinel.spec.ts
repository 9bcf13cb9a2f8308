import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertIdle, copied } from './support/faults'
import type { Span } from './support/load'
import { now } from './support/noise'
import { TestSentinel, type TestSentinelOptions } from './support/sentinel'
import { AWAY, underLoad } from './support/under-load'
import { until } from './support/until'

const PASSWORDS = { password: 'data-secret', sentinelPassword: 'sentinel-secret' }

/** A client of a master under real sentinels, with load on it. */
async function sentinelUnderLoad(settings: TestSentinelOptions = {}) {
  const sentinel = await TestSentinel.start({ downAfterMs: 1500, ...PASSWORDS, ...settings })
  return { sentinel, ...(await underLoad({ ...sentinel.options, watchdogMs: 200 }, () => sentinel.stop())) }
}

/** A machine that stands still for long may have the sentinels choose once more than was asked for; what they lose then is theirs. */
async function risks(sentinel: TestSentinel, span: Span, failovers = 1): Promise<Span[]> {
  return [(await sentinel.epoch()) > failovers ? { from: span.from, to: now() } : span]
}

describe('a master under sentinels, under load', () => {
  test('is lost by SIGKILL: calls fail in time until the next one is found, and the old one may come back', async () => {
    await using _ = await sentinelUnderLoad()
    const { sentinel, redis, load } = _
    const master = await sentinel.master()
    const from = now()
    await copied(master, await sentinel.replicas())
    await master.crash()
    const span = { from, to: now() }
    await load.fails()
    await sentinel.untilMasterIsNot(master)
    await load.flows()
    await sentinel.untilConverged()
    await master.start()
    await sentinel.untilConverged()
    await load.flows()
    const ledger = await load.stop()
    ledger.assertOnly(AWAY)
    await load.assertSound({ atRisk: await risks(sentinel, span) })
    assert.equal(redis.metrics().nodes[0]!.address, `127.0.0.1:${(await sentinel.master()).port}`)
  })

  test('is stopped and goes on when there is another: it is not believed any more', async () => {
    await using _ = await sentinelUnderLoad()
    const { sentinel, load } = _
    const master = await sentinel.master()
    const from = now()
    await copied(master, await sentinel.replicas())
    master.kill('SIGSTOP')
    const span = { from, to: now() }
    await load.fails()
    await sentinel.untilMasterIsNot(master)
    master.kill('SIGCONT')
    await load.flows()
    await sentinel.untilConverged()
    await load.flows()
    const ledger = await load.stop()
    ledger.assertOnly(AWAY)
    await load.assertSound({ atRisk: await risks(sentinel, span) })
  })

  test('is replaced by SENTINEL FAILOVER: calls go on at the new one', async () => {
    await using _ = await sentinelUnderLoad()
    const { sentinel, redis, load } = _
    const master = await sentinel.master()
    const from = now()
    await sentinel.failover()
    await load.flows()
    // Until the old master has heard of it there are two, and what the old one takes is lost.
    const span = { from, to: now() }
    await until('calls go to the new one', () => redis.metrics().nodes[0]!.address !== `127.0.0.1:${master.port}`)
    await load.flows()
    const ledger = await load.stop()
    ledger.assertOnly(AWAY)
    await load.assertSound({ atRisk: await risks(sentinel, span) })
  })

  test('serves on while no sentinel is there', async () => {
    await using _ = await sentinelUnderLoad()
    const { sentinel, load } = _
    await Promise.all(sentinel.sentinels.map((node) => node.crash()))
    await load.flows()
    const ledger = await load.stop()
    assert.deepEqual(ledger.summary(), {})
    await load.assertSound()
  })

  test('is away with all its sentinels: calls fail in time, and all is well when they come back', async () => {
    await using _ = await sentinelUnderLoad({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
    const { sentinel, redis, load } = _
    const all = [...sentinel.sentinels, ...sentinel.servers]
    await Promise.all(all.map((node) => node.crash()))
    await load.fails()
    await load.stop()
    await assertIdle()
    load.start()
    await load.fails()
    await Promise.all(all.map((node) => node.start()))
    await sentinel.untilConverged()
    await load.flows()
    const ledger = await load.stop()
    ledger.assertOnly(AWAY)
    await load.assertSound()
    assert.equal(redis.status, 'ready')
  })
})
