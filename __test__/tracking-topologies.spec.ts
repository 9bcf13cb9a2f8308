import assert from 'node:assert/strict'
import net from 'node:net'
import { describe, test } from 'node:test'
import { Redis, type RedisOptions } from '../index.js'
import { MortalServer } from './support/client-server'
import { TestCluster, type ClusterNode } from './support/cluster'
import type { RedisNode } from './support/redis-node'
import { TestSentinel } from './support/sentinel'
import { speaksTls } from './support/server-process'
import { fakeServer } from './support/servers'
import { TlsServer } from './support/tls-server'
import { Tracking } from './support/tracked'
import { until } from './support/until'

const SOON = { minMs: 1, maxMs: 20 }

async function trackedBy(options: RedisOptions) {
  const redis = await Redis.connect({ reconnect: SOON, commandTimeout: '30s', ...options })
  const close = () => redis.close({ timeoutMs: 1 })
  return { redis, tracking: await Tracking.of(redis), [Symbol.asyncDispose]: close }
}

/** Whether changes of keys are told, from now on too. */
async function assertTold(tracking: Tracking, other: Redis, keys: string[]) {
  for (const round of [1, 2]) {
    const reads = await Promise.all(keys.map((key) => tracking.readTracked(key)))
    for (const key of keys) await other.command('SET', key, round)
    for (const read of reads) await tracking.untilOutdated(read)
  }
}

/** How many connections of a node are told of what they read, or tell. */
async function paired(node: RedisNode): Promise<number> {
  const lines = (await node.ask<string>('CLIENT', 'LIST')).split('\n')
  // Sentinels subscribe to something of their own.
  return lines.filter((line) => / flags=\w*[tP]/.test(line) && !line.includes(' name=sentinel')).length
}

describe('tracking in a cluster', () => {
  /** A key of each primary. */
  async function keysOf(cluster: TestCluster): Promise<Map<ClusterNode, string>> {
    const keys = new Map<ClusterNode, string>()
    for (let i = 0; keys.size < 3; i++) keys.set(await cluster.owner(`k${i}`), `k${i}`)
    return keys
  }

  async function clusterTracked(settings = {}, options = {}) {
    const cluster = await TestCluster.start(settings)
    const client = await trackedBy({ ...cluster.options, ...options })
    const other = await Redis.connect(cluster.options)
    const dispose = async () => {
      await Promise.all([client[Symbol.asyncDispose](), other.close()])
      await cluster.stop()
    }
    return { cluster, ...client, other, [Symbol.asyncDispose]: dispose }
  }

  test('is one pair a primary, and none before somebody reads from it', async () => {
    await using _ = await clusterTracked()
    const { cluster, tracking, other } = _
    const keys = await keysOf(cluster)
    const [[first, key]] = [...keys] as [[ClusterNode, string]]
    await assertTold(tracking, other, [key])
    assert.deepEqual(await Promise.all([...keys.keys()].map(paired)), [...keys.keys()].map((node) => (node === first ? 2 : 0)))
    await assertTold(tracking, other, [...keys.values()])
    assert.deepEqual(await Promise.all([...keys.keys()].map(paired)), [2, 2, 2])
  })

  test('holds when a slot moves, with its keys and without', async () => {
    await using _ = await clusterTracked()
    const { cluster, tracking, other } = _
    const [key, gone] = ['{moves}:a', '{moves}:gone']
    await assertTold(tracking, other, [key])
    const from = await cluster.owner(key)
    const to = (await cluster.primaries()).find((node) => node !== from)!
    const reads = await Promise.all([key, gone].map((key) => tracking.readTracked(key)))
    assert.equal(reads[1]!.value, null)
    await cluster.migrate([cluster.slotOf(key)], from, to)
    await tracking.untilOutdated(reads[0]!)
    // Written to its new node, before this client knows of it; it learns of it by its next call.
    await other.command('SET', gone, '1')
    await tracking.read(key)
    await tracking.untilOutdated(reads[1]!)
    await assertTold(tracking, other, [key, gone])
  })

  test('holds when a replica takes over, asked to or because its primary died', async () => {
    await using _ = await clusterTracked({ nodeTimeoutMs: 1000 }, { watchdogMs: 200 })
    const { cluster, tracking, other } = _
    const key = 'taken-over'
    const before = await cluster.owner(key)
    const read = await tracking.readTracked(key)
    const [replica] = await cluster.replicasOf(before)
    await cluster.failover(replica!)
    // The old one is a replica now and stays connected; its pair goes when the map is learnt.
    await tracking.read(key)
    await tracking.untilOutdated(read)
    await assertTold(tracking, other, [key])
    await until('the old pair is gone', async () => (await paired(before)) === 0)
    const next = await tracking.readTracked(key)
    const owner = await cluster.owner(key)
    await cluster.mayReplace(owner)
    await owner.crash()
    await tracking.untilOutdated(next)
    await cluster.untilConverged()
    await assertTold(tracking, other, [key])
  })

  test('reads from primaries, though others are scaled to replicas', async () => {
    await using _ = await clusterTracked()
    const { cluster, other } = _
    await using scaled = await trackedBy({ cluster: { ...cluster.options.cluster, scaleReads: 'replica' } })
    await assertTold(scaled.tracking, other, [...(await keysOf(cluster)).values()])
    const primaries = await cluster.primaries()
    const pairs = await Promise.all(cluster.nodes.map(async (node) => [primaries.includes(node), await paired(node)]))
    assert.ok(pairs.every(([isPrimary, count]) => count === (isPrimary ? 2 : 0)))
  })
})

describe('tracking under sentinels', () => {
  test('follows the master, also from one that was stopped and goes on', async () => {
    await using sentinel = await TestSentinel.start({ password: 'of-the-servers', downAfterMs: 1000 })
    await using _ = await trackedBy({ ...sentinel.options, watchdogMs: 200 })
    await using other = await Redis.connect({ ...sentinel.options, watchdogMs: 200, reconnect: SOON, commandTimeout: '30s' })
    const { tracking } = _
    await assertTold(tracking, other, ['a'])
    const first = await tracking.readTracked('a')
    await sentinel.failover()
    await tracking.untilOutdated(first)
    await assertTold(tracking, other, ['a'])
    const second = await tracking.readTracked('a')
    const master = await sentinel.master()
    master.kill('SIGSTOP')
    await tracking.untilOutdated(second)
    await sentinel.untilMasterIsNot(master)
    master.kill('SIGCONT')
    await sentinel.untilConverged()
    await assertTold(tracking, other, ['a'])
    const current = await sentinel.master()
    await until('one pair is left', async () => {
      const counts = await Promise.all(sentinel.servers.map(async (node) => [node === current, await paired(node)]))
      return counts.every(([isCurrent, count]) => count === (isCurrent ? 2 : 0))
    })
  })
})

describe('tracking', () => {
  test('is as secret as everything else', { skip: !speaksTls() }, async () => {
    await using server = await TlsServer.start()
    await using _ = await trackedBy(server.options)
    await using other = await Redis.connect(server.options)
    await assertTold(_.tracking, other, ['a'])
  })

  test('goes on with a pool', async () => {
    await using server = await MortalServer.start()
    await using _ = await trackedBy({ url: server.url, poolSize: 4 })
    await using other = await Redis.connect(server.url)
    await assertTold(_.tracking, other, ['a', 'b', 'c', 'd'])
  })

  test('is not to be had where every connection leads to another server', async () => {
    await using a = await MortalServer.start()
    await using b = await MortalServer.start()
    let turn = 0
    await using balancer = await fakeServer((socket) => {
      const server = net.connect({ path: turn++ % 2 ? a.path : b.path })
      socket.pipe(server).pipe(socket)
      socket.on('close', () => server.destroy())
      server.on('error', () => socket.destroy())
    })
    await using _ = await trackedBy({ url: balancer.url })
    for (let i = 0; i < 20; i++) assert.equal((await _.tracking.read('a')).tracked, false)
    assert.ok(balancer.accepted <= 3)
  })
})
