import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RedisOptions } from '../index.js'
import { TestCluster, type ClusterNode, type TestClusterOptions } from './support/cluster'
import { assertIdle, copied } from './support/faults'
import type { Entry } from './support/load'
import { now } from './support/noise'
import { slotOf } from './support/slots'
import { AWAY, underLoad } from './support/under-load'
import { until } from './support/until'

/** What is acknowledged is on the disk. */
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always']

/** A client of a real cluster, with load on it. */
async function clusterUnderLoad(settings: TestClusterOptions = {}, options: RedisOptions = {}) {
  const cluster = await TestCluster.start(settings)
  const given = { ...cluster.options, watchdogMs: 200, ...options, cluster: { ...cluster.options.cluster, ...options.cluster } }
  return { cluster, ...(await underLoad(given, () => cluster.stop(), options.cluster?.scaleReads !== undefined)) }
}

/** Whether an operation is about a slot that the node has now. */
async function slotsOf(node: ClusterNode): Promise<(entry: Entry) => boolean> {
  const { slots } = await node.self()
  const has = (slot: number) => slots.some(([first, last]) => first <= slot && slot <= last)
  return ({ keys }) => keys.some((key) => has(slotOf(key)))
}

describe('a cluster under load', () => {
  test('is resharded: nobody notices', async () => {
    await using _ = await clusterUnderLoad()
    const { cluster, load } = _
    for (const counter of load.counters) {
      const slot = slotOf(counter)
      const from = await cluster.owner(slot)
      const to = (await cluster.primaries()).find((node) => node !== from)!
      // At each step there is time to be asked: where the key is, where it was, and where both are at work.
      await cluster.migrate([slot], from, to, { keysPerStep: 1, onStep: () => load.answers(counter) })
    }
    await load.flows()
    const ledger = await load.stop()
    assert.deepEqual(ledger.summary(), {})
    await load.assertSound()
  })

  test('is told to fail over: nobody notices', async () => {
    await using _ = await clusterUnderLoad()
    const { cluster, load } = _
    for (const primary of await cluster.primaries()) {
      const [replica] = await cluster.replicasOf(primary)
      await cluster.failover(replica!)
    }
    await load.flows()
    const ledger = await load.stop()
    assert.deepEqual(ledger.summary(), {})
    await load.assertSound()
  })

  test('loses a primary by SIGKILL: its slots fail until a replica has taken over, and all others go on', async () => {
    await using _ = await clusterUnderLoad({ nodeTimeoutMs: 2000, fullCoverage: false })
    const { cluster, redis, load } = _
    const [primary] = await cluster.primaries()
    const isIts = await slotsOf(primary!)
    await cluster.mayReplace(primary!)
    const from = now()
    await copied(primary!, await cluster.replicasOf(primary!))
    await primary!.crash()
    const atRisk = [{ from, to: now() }]
    await load.fails()
    await cluster.untilConverged()
    await load.flows()
    await primary!.start()
    await cluster.untilConverged()
    await load.flows()
    const ledger = await load.stop()
    assert.deepEqual(ledger.summary(ledger.failures.filter((entry) => !isIts(entry))), {})
    ledger.assertOnly(AWAY)
    await load.assertSound({ atRisk })
    assert.equal(redis.status, 'ready')
  })

  test('loses a primary and wants all its slots: it is down for all until a replica has taken over', async () => {
    await using _ = await clusterUnderLoad({ nodeTimeoutMs: 2000 })
    const { cluster, redis, load } = _
    const [primary] = await cluster.primaries()
    await cluster.mayReplace(primary!)
    const from = now()
    await copied(primary!, await cluster.replicasOf(primary!))
    await primary!.crash()
    const atRisk = [{ from, to: now() }]
    await load.fails()
    await cluster.untilConverged()
    await load.flows()
    const ledger = await load.stop()
    ledger.assertOnly([...AWAY, 'ERR_SERVER CLUSTERDOWN'])
    await load.assertSound({ atRisk })
    assert.equal(redis.status, 'ready')
  })

  test('has a primary that is stopped: a replica takes over, and what the old one would still say is not heard', async () => {
    await using _ = await clusterUnderLoad({ nodeTimeoutMs: 2000, fullCoverage: false })
    const { cluster, redis, load } = _
    const [primary] = await cluster.primaries()
    const isIts = await slotsOf(primary!)
    await cluster.mayReplace(primary!)
    const from = now()
    await copied(primary!, await cluster.replicasOf(primary!))
    primary!.kill('SIGSTOP')
    const atRisk = [{ from, to: now() }]
    await load.fails()
    await cluster.untilConverged()
    await load.flows()
    primary!.kill('SIGCONT')
    await cluster.untilConverged()
    await load.flows()
    const ledger = await load.stop()
    assert.deepEqual(ledger.summary(ledger.failures.filter((entry) => !isIts(entry))), {})
    ledger.assertOnly(AWAY)
    await load.assertSound({ atRisk })
    assert.ok(redis.metrics().watchdogTrips > 0)
  })

  test('has a replica that is stopped, and replicas are read: others answer in its place', async () => {
    await using _ = await clusterUnderLoad({}, { cluster: { scaleReads: 'all' } })
    const { cluster, redis, load } = _
    const [primary] = await cluster.primaries()
    const [replica] = await cluster.replicasOf(primary!)
    const trips = redis.metrics().watchdogTrips
    replica!.kill('SIGSTOP')
    await until('the watchdog has noticed', () => redis.metrics().watchdogTrips > trips)
    await load.flows()
    replica!.kill('SIGCONT')
    await until('it is read again', () => redis.metrics().nodes.every(({ standing }) => standing > 0))
    await load.flows()
    const ledger = await load.stop()
    assert.deepEqual(ledger.summary(), {})
    await load.assertSound()
  })

  test('loses a primary and its replica: the rest is served, and they are found when they come back', async () => {
    await using _ = await clusterUnderLoad({ nodeTimeoutMs: 2000, fullCoverage: false, args: DURABLE })
    const { cluster, redis, load } = _
    const [primary] = await cluster.primaries()
    const [replica] = await cluster.replicasOf(primary!)
    const isIts = await slotsOf(primary!)
    await Promise.all([primary!.crash(), replica!.crash()])
    await load.fails()
    await cluster.untilFailed(primary!)
    await load.stop()
    await assertIdle()
    load.start()
    await load.fails()
    await primary!.start()
    await replica!.start()
    await cluster.untilConverged()
    await load.flows()
    const ledger = await load.stop()
    assert.deepEqual(ledger.summary(ledger.failures.filter((entry) => !isIts(entry))), {})
    ledger.assertOnly([...AWAY, 'ERR_SERVER CLUSTERDOWN'])
    await load.assertSound()
    assert.equal(redis.status, 'ready')
  })

  test('is away as a whole: calls fail in time, no more wait than may, and all is well when it comes back', async () => {
    const maxPending = 100
    await using _ = await clusterUnderLoad({ nodeTimeoutMs: 2000, args: DURABLE }, { maxPending, breaker: false })
    const { cluster, redis, load } = _
    await Promise.all(cluster.nodes.map((node) => node.crash()))
    await load.fails()
    await until('no more may wait', () => redis.metrics().refused > 0)
    await load.stop()
    await assertIdle()
    load.start()
    await load.fails()
    await Promise.all(cluster.nodes.map((node) => node.start()))
    await cluster.untilConverged()
    await load.flows()
    const ledger = await load.stop()
    ledger.assertOnly([...AWAY, 'ERR_BUSY', 'ERR_SERVER CLUSTERDOWN'])
    assert.equal(load.mostPending, maxPending)
    await load.assertSound()
  })

  test('forgets its scripts: nobody notices', async () => {
    await using _ = await clusterUnderLoad()
    const { cluster, load } = _
    for (let i = 0; i < 10; i++) {
      await Promise.all((await cluster.primaries()).map((node) => node.ask('SCRIPT', 'FLUSH')))
      await load.flows()
    }
    const ledger = await load.stop()
    assert.deepEqual(ledger.summary(), {})
    await load.assertSound()
  })

  test('is emptied: what comes after is there', async () => {
    await using _ = await clusterUnderLoad()
    const { cluster, load } = _
    const from = now()
    await Promise.all((await cluster.primaries()).map((node) => node.ask('FLUSHALL')))
    const emptied = { from, to: now() }
    await load.flows()
    const ledger = await load.stop()
    assert.deepEqual(ledger.summary(), {})
    await load.assertSound({ emptied })
  })
})
