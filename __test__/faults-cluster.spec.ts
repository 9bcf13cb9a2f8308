import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Redis, type RedisOptions } from '../index.js'
import { TestCluster, type ClusterNode, type TestClusterOptions } from './support/cluster'
import { copied } from './support/faults'
import { Load, type Entry } from './support/load'
import { now } from './support/noise'
import { slotOf } from './support/slots'

const DEADLINE_MS = 1000
const MOST_PENDING = 5000

/** A client of a real cluster, with load on it. */
async function underLoad(settings: TestClusterOptions = {}, options: RedisOptions = {}) {
  const cluster = await TestCluster.start(settings)
  const redis = await Redis.connect({ ...cluster.options, commandTimeout: DEADLINE_MS, watchdogMs: 300, maxPending: MOST_PENDING, ...options })
  const load = new Load(redis, { deadlineMs: DEADLINE_MS, readsLag: options.cluster?.scaleReads !== undefined })
  await load.flows()
  return {
    cluster,
    redis,
    load,
    async [Symbol.asyncDispose]() {
      await load.stop()
      await redis.close({ timeoutMs: 1 })
      await cluster.stop()
    },
  }
}

/** The slots that a node has, by number. */
async function slotsOf(node: ClusterNode): Promise<(slot: number) => boolean> {
  const { slots } = await node.self()
  return (slot) => slots.some(([first, last]) => first <= slot && slot <= last)
}

const touches = (has: (slot: number) => boolean) => ({ keys }: Entry) => keys.some((key) => has(slotOf(key)))

describe('a cluster under load', () => {
  test('is resharded: nobody notices', async () => {
    await using _ = await underLoad()
    const { cluster, load } = _
    const slots = load.counters.map(slotOf)
    for (let round = 0; round < 3; round++) {
      for (const slot of slots) {
        const from = await cluster.owner(slot)
        const to = (await cluster.primaries()).find((node) => node !== from)!
        await cluster.migrate([slot], from, to, { keysPerStep: 1 })
      }
    }
    await load.flows()
    const ledger = await load.stop()
    assert.deepEqual(ledger.summary(), {})
    await load.assertSound()
  })

  test('is told to fail over: nobody notices', async () => {
    await using _ = await underLoad()
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

  test('loses a primary by SIGKILL: its slots fail in time until a replica has taken over, and all others go on', async () => {
    await using _ = await underLoad({ fullCoverage: false, nodeTimeoutMs: 1000 })
    const { cluster, redis, load } = _
    const [primary] = await cluster.primaries()
    const isIts = touches(await slotsOf(primary!))
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
    ledger.assertOnly(['ERR_UNAVAILABLE', 'ERR_TIMEOUT', 'ERR_BUSY'])
    assert.ok(load.mostPending <= MOST_PENDING)
    await load.assertSound({ atRisk })
    assert.equal(redis.status, 'ready')
  })
})
