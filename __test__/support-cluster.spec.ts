import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { TestCluster, type ClusterNode } from './support/cluster'
import { isRunning } from './support/machine'
import { runNode } from './support/node'
import { root } from './support/root'
import { until } from './support/until'

test('slots are those of the Redis Cluster specification', async () => {
  await using cluster = await TestCluster.start({ replicasEach: 0 })
  const keys = ['', '123456789', 'foo', '{user1000}.following', 'foo{}{bar}', 'foo{{bar}}zap', 'foo{bar}{zap}', 'Größe', '}{']
  const [node] = cluster.nodes
  assert.deepEqual(keys.map((key) => cluster.slotOf(key)), await node!.askAll(keys.map((key) => ['CLUSTER', 'KEYSLOT', key])))
})

test('a cluster takes writes at the owner of a slot, copies them, and moves others on', async () => {
  await using cluster = await TestCluster.start({ primaries: 3, replicasEach: 1 })
  assert.equal(cluster.nodes.length, 6)
  const [primaries, replicas] = [cluster.nodes.slice(0, 3), cluster.nodes.slice(3)]
  assert.deepEqual(await cluster.primaries(), primaries)
  assert.deepEqual(await Promise.all(replicas.map((node) => node.role())), ['replica', 'replica', 'replica'])
  assert.deepEqual(await cluster.replicasOf(primaries[1]!), [replicas[1]])
  for (const key of ['a', 'b', 'c', 'ключ']) {
    const owner = await cluster.owner(key)
    const other = primaries.find((node) => node !== owner)!
    assert.equal(await owner.ask('SET', key, 'two words\r\n'), 'OK')
    await assert.rejects(other.ask('GET', key), { message: `MOVED ${cluster.slotOf(key)} 127.0.0.1:${owner.port}` })
    const [replica] = await cluster.replicasOf(owner)
    await until('copied', async () => {
      const [, value] = await replica!.askAll([['READONLY'], ['GET', key]])
      return value === 'two words\r\n'
    })
  }
  for (const node of cluster.nodes) {
    assert.deepEqual((await node.ask('CLUSTER', 'SLOTS')).map((shard: unknown[]) => shard.length), [4, 4, 4], 'with replicas')
    const config = await node.ask('CONFIG', 'GET', 'cluster-[nr]*')
    for (const [name, value] of [['cluster-require-full-coverage', 'yes'], ['cluster-node-timeout', '5000']]) {
      assert.equal(config[config.indexOf(name) + 1], value)
    }
  }
})

test('a slot moves in steps, with ASK in between, and all know of it at the end', async () => {
  await using cluster = await TestCluster.start({ password: 'p4ss' })
  const from = await cluster.owner('{m}')
  const to = cluster.nodes.find((node) => node !== from)!
  const slot = cluster.slotOf('{m}')
  for (let i = 0; i < 25; i++) await from.ask('SET', `{m}${i}`, i)
  const steps: string[] = []
  const left: number[] = []
  await cluster.migrate([slot], from, to, {
    async onStep(step) {
      steps.push(step)
      if (step !== 'keys') return
      left.push(await from.ask('CLUSTER', 'COUNTKEYSINSLOT', slot))
      await assert.rejects(from.ask('GET', '{m}none'), { message: `ASK ${slot} 127.0.0.1:${to.port}` })
    },
  })
  assert.deepEqual([steps, left], [['importing', 'migrating', 'keys', 'keys', 'keys', 'moved'], [15, 5, 0]])
  assert.equal(await cluster.owner(slot), to)
  await cluster.untilConverged()
  assert.equal(await to.ask('GET', '{m}24'), '24')
  await assert.rejects(from.ask('GET', '{m}24'), /MOVED/)
  await assert.rejects(new TestClient(from).ask('GET', '{m}24'), /NOAUTH/)
})

/** Whoever has no password. */
class TestClient {
  readonly #node: ClusterNode
  constructor(node: ClusterNode) {
    this.#node = node
  }
  ask(...words: string[]) {
    return Object.assign(Object.create(this.#node) as ClusterNode, { credentials: {} }).ask(...words)
  }
}

test('a replica takes over when told to, and by itself when its primary is gone or stopped; who comes back follows', async () => {
  await using cluster = await TestCluster.start({ nodeTimeoutMs: 1000 })
  const [first, second] = cluster.nodes
  const [replica] = await cluster.replicasOf(first!)
  await first!.ask('SET', 'b', 'kept')
  await cluster.failover(replica!)
  assert.deepEqual([await replica!.role(), await first!.role()], ['master', 'replica'])
  assert.equal(await cluster.owner('b'), replica)

  await cluster.mayReplace(replica!)
  await replica!.crash()
  assert.equal(replica!.alive, false)
  await cluster.untilConverged()
  assert.equal(await cluster.owner('b'), first)
  assert.equal(await first!.ask('GET', 'b'), 'kept')
  await cluster.mayReplace(second!)
  second!.kill('SIGSTOP')
  assert.equal(cluster.alive.length, 4)
  await cluster.untilFailed(second!)
  await cluster.untilConverged()

  await replica!.start()
  second!.kill('SIGCONT')
  await cluster.untilConverged()
  assert.deepEqual([await replica!.role(), await second!.role(), cluster.alive.length], ['replica', 'replica', 6])
})

test('where slots may be missing, the others go on without a primary and its replica', async () => {
  await using cluster = await TestCluster.start({ nodeTimeoutMs: 1000, fullCoverage: false })
  const owner = await cluster.owner('a')
  const other = await cluster.owner('b')
  const [replica] = await cluster.replicasOf(owner)
  await Promise.all([owner.crash(), replica!.crash()])
  await cluster.untilFailed(owner)
  await cluster.untilConverged()
  await assert.rejects(cluster.owner('a'), /nobody who is alive serves slot 15495/)
  assert.equal(await other.ask('SET', 'b', 1), 'OK')
  await assert.rejects(other.ask('SET', 'a', 1), /^ReplyError: MOVED|^Error: (MOVED|CLUSTERDOWN)/)
})

test('nothing stays behind, neither after stop nor when the process is killed', async () => {
  const cluster = await TestCluster.start({ replicasEach: 0 })
  const processes = cluster.nodes.map(({ process }) => process)
  await cluster.stop()
  await cluster.stop()
  for (const { pid, folder } of processes) assert.deepEqual([isRunning(pid), fs.existsSync(folder)], [false, false])

  const support = JSON.stringify(path.join(root, '__test__/support/cluster.ts'))
  const child = runNode(
    `const { TestCluster } = await import(${support})
     const { nodes } = await TestCluster.start({ primaries: 1, replicasEach: 1 })
     nodes[0].kill('SIGSTOP')
     report(nodes.map(({ process: { pid, folder } }) => ({ pid, folder })))`,
    {},
    ['--import', path.join(root, 'scripts/typescript/register.mjs')],
  )
  const left: { pid: number; folder: string }[] = await child.report
  assert.deepEqual(left.map(({ pid }) => isRunning(pid)), [true, true])
  child.process.kill('SIGKILL')
  for (const { pid, folder } of left) await until('gone', () => !isRunning(pid) && !fs.existsSync(folder))
})
