import assert from 'node:assert/strict'
import { type Migration, moveSlot } from './cluster-migrate'
import type { ClusterNode } from './cluster-node'
import { startNodes } from './cluster-start'
import { haveOwnEpochs, isCovered, isMaster, isSound, map, owns, selfIn, settledMap } from './cluster-view'
import { onFreePorts } from './ports'
import { slotOf } from './slots'
import { until } from './until'

export type { ClusterNode } from './cluster-node'

export interface TestClusterOptions {
  /** Default: `3`. */
  primaries?: number
  /** Default: `1`. */
  replicasEach?: number
  /** How long a silent node is waited for before it counts as failed. Default: `5000`. */
  nodeTimeoutMs?: number
  password?: string
  /** Whether slots that nobody serves stop the others too. Default: `true`, as Redis has it. */
  fullCoverage?: boolean
  /** More arguments for every server. */
  args?: readonly string[]
}

/**
 * A real cluster on loopback ports, without persistence unless `args` ask for it. No replica takes over by itself unless `mayReplace` lets
 * it: on a machine that stands still for long, a primary would be replaced because it was late, and lose what it had acknowledged.
 */
export class TestCluster {
  readonly nodes: readonly ClusterNode[]
  readonly password: string | undefined

  private constructor(nodes: readonly ClusterNode[], password: string | undefined) {
    this.nodes = nodes
    this.password = password
  }

  static async start(options: TestClusterOptions = {}): Promise<TestCluster> {
    const { primaries = 3, replicasEach = 1, nodeTimeoutMs = 5000, password, fullCoverage = true, args = [] } = options
    const credentials = password === undefined ? {} : { password }
    const nodes = await onFreePorts(() => startNodes({ primaries, replicasEach, nodeTimeoutMs, args, credentials }))
    const cluster = new TestCluster(nodes, password)
    try {
      await cluster.untilConverged()
      await cluster.#untilListed(replicasEach)
      const wanted = ['cluster-node-timeout', nodeTimeoutMs, 'cluster-require-full-coverage', fullCoverage ? 'yes' : 'no']
      await Promise.all(nodes.map((node) => node.ask('CONFIG', 'SET', ...wanted)))
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  /** What a client needs: every node as a seed. */
  get options(): { cluster: { nodes: { host: string; port: number }[] }; password?: string } {
    const { password } = this
    return { cluster: { nodes: this.nodes.map(({ address }) => address) }, ...(password !== undefined && { password }) }
  }

  get url(): string {
    const password = this.password === undefined ? '' : `:${encodeURIComponent(this.password)}@`
    return `redis+cluster://${password}${this.nodes.map(({ host, port }) => `${host}:${port}`).join()}`
  }

  get alive(): ClusterNode[] {
    return this.nodes.filter(({ alive }) => alive)
  }

  slotOf(key: string): number {
    return slotOf(key)
  }

  /** The living primary that serves a slot, or the slot of a key. */
  async owner(slotOrKey: number | string): Promise<ClusterNode> {
    const slot = typeof slotOrKey === 'number' ? slotOrKey : slotOf(slotOrKey)
    const claims = await Promise.all(this.alive.map(async (node) => ({ node, self: await node.self() })))
    const [claim] = claims.filter(({ self }) => isMaster(self) && owns(self, slot)).sort((a, b) => b.self.epoch - a.self.epoch)
    assert.ok(claim !== undefined, `nobody who is alive serves slot ${slot}`)
    return claim.node
  }

  /** The living nodes that say they are primaries. */
  async primaries(): Promise<ClusterNode[]> {
    const selves = await Promise.all(this.alive.map(async (node) => ({ node, self: await node.self() })))
    return selves.filter(({ self }) => isMaster(self)).map(({ node }) => node)
  }

  /** The living replicas of a primary. */
  async replicasOf(primary: ClusterNode): Promise<ClusterNode[]> {
    const selves = await Promise.all(this.alive.map(async (node) => ({ node, self: await node.self() })))
    return selves.filter(({ self }) => self.master === primary.id).map(({ node }) => node)
  }

  /** Moves slots and their keys from one primary to another as operators do, one slot after another. */
  async migrate(slots: readonly number[], from: ClusterNode, to: ClusterNode, migration?: Migration): Promise<void> {
    for (const slot of slots) {
      await moveSlot(this, slot, from, to, migration)
      // Who takes a slot while he has not heard of its last epoch loses it again.
      await this.untilAgreed()
    }
  }

  /** Waits until all who are alive agree on who serves what. */
  async untilAgreed(): Promise<void> {
    await until('the nodes agree', async () => new Set((await Promise.all(this.alive.map((node) => node.view()))).map(settledMap)).size === 1)
  }

  /** Lets the replicas that a primary has now take over by themselves when it is silent for long. Those that start again may not. */
  async mayReplace(primary: ClusterNode): Promise<void> {
    const replicas = await this.replicasOf(primary)
    await Promise.all(replicas.map((replica) => replica.ask('CONFIG', 'SET', 'cluster-replica-no-failover', 'no')))
  }

  /** Makes a replica the primary, both of them alive, and waits until all know of it. */
  async failover(replica: ClusterNode): Promise<void> {
    assert.equal(await replica.ask('CLUSTER', 'FAILOVER'), 'OK')
    await until('it is the primary', async () => (await replica.role()) === 'master')
    await this.untilConverged()
  }

  /** Waits until all who are alive take commands, are complete, and agree on who serves what: living primaries. */
  async untilConverged(): Promise<void> {
    await until('the cluster has converged', async () => this.#isConverged().catch(() => false))
  }

  /** Waits until all who are alive say that a node has failed. */
  async untilFailed(node: ClusterNode): Promise<void> {
    await until('its failure is known', async () => {
      const views = await Promise.all(this.alive.map((other) => other.view()))
      return views.every((view) => view.some(({ id, flags }) => id === node.id && flags.includes('fail')))
    })
  }

  /** Waits until clients are told of all replicas, which are passed over until something has been copied to them. */
  async #untilListed(replicasEach: number): Promise<void> {
    await Promise.all((await this.primaries()).map((node) => node.ask('FLUSHALL')))
    await until('the replicas are listed', async () => {
      const told = await Promise.all(this.nodes.map((node) => node.ask<unknown[][]>('CLUSTER', 'SLOTS')))
      return told.flat().every(([, , ...servers]) => servers.length === 1 + replicasEach)
    })
  }

  async #isConverged(): Promise<boolean> {
    const { alive } = this
    const views = await Promise.all(alive.map((node) => node.view()))
    const [view] = views
    if (view === undefined || !isCovered(view) || new Set(views.map(map)).size > 1) return false
    const lives = new Set(alive.map(({ id }) => id))
    const followed = new Set(views.map(selfIn).map(({ master }) => master))
    // Slots of one that is gone are settled when no replica is left that could take over.
    const served = view.every(({ id, slots }) => slots.length === 0 || lives.has(id) || !followed.has(id))
    const sound = views.flat().every((seen) => !lives.has(seen.id) || isSound(seen))
    const living = views.map((seen) => seen.filter(({ id }) => lives.has(id)))
    const settled = new Set(living.map(settledMap)).size === 1 && living.every(haveOwnEpochs)
    if (!served || !sound || !settled) return false
    return (await Promise.all(alive.map((node) => node.isReady()))).every(Boolean)
  }

  /** Ends all servers. Idempotent. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.process.dispose()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
