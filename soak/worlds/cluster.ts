import { type ClusterNode, TestCluster } from '../../__test__/support/cluster'
import { isMaster } from '../../__test__/support/cluster-view'
import { copied } from '../../__test__/support/faults'
import { FaultProxy } from '../../__test__/support/fault-proxy'
import { SLOTS } from '../../__test__/support/slots'
import { between, pick, type Random, shuffled } from '../random'
import type { Applied, Fault, World } from '../world'
import { networkFaults } from './network-faults'
import { askedOfAll, killed, stopped, untilReplaced } from './nodes'
import { DURABLE } from './single'

const NODE_TIMEOUT_MS = 1500
/** Whoever is silent for so long is replaced. */
const REPLACED = ['--cluster-replica-no-failover', 'no']

/** Three primaries, each with a replica. */
export class ClusterWorld implements World {
  readonly name = 'cluster'
  readonly faults: readonly Fault[] = this.#faults()

  private constructor(
    readonly cluster: TestCluster,
    /** Before each node, in their order. */
    readonly proxies: readonly FaultProxy[],
  ) {}

  static async start(): Promise<ClusterWorld> {
    const cluster = await TestCluster.start({ nodeTimeoutMs: NODE_TIMEOUT_MS, args: [...DURABLE, ...REPLACED], fullCoverage: false })
    return new ClusterWorld(cluster, await Promise.all(cluster.nodes.map(({ address }) => FaultProxy.start(address))))
  }

  get address() {
    const nodes = this.proxies.map(({ host, port }) => ({ host, port }))
    const natMap = Object.fromEntries(this.cluster.nodes.map(({ host, port }, i) => [`${host}:${port}`, nodes[i]!]))
    return { cluster: { nodes, natMap } }
  }

  async leaders(): Promise<string> {
    const selves = await Promise.all(this.cluster.alive.map((node) => node.self()))
    return selves
      .filter((self) => isMaster(self) && self.slots.length > 0)
      .map(({ id }) => id)
      .sort()
      .join(' ')
  }

  async settled(): Promise<void> {
    await this.cluster.untilConverged()
  }

  async leave(): Promise<void> {
    for (const proxy of this.proxies) {
      proxy.refuse()
      proxy.reset()
    }
    await Promise.all(this.cluster.nodes.map((node) => node.crash()))
  }

  async comeBack(): Promise<void> {
    await Promise.all(this.cluster.nodes.map((node) => node.start()))
    await Promise.all(this.proxies.map((proxy) => proxy.accept()))
  }

  async stop(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.stop()))
    await this.cluster.stop()
  }

  /** The ways to the primaries. */
  async #ways(): Promise<{ proxy: FaultProxy; to: string }[]> {
    const primaries = await this.cluster.primaries()
    const ways = this.cluster.nodes.map((node, i) => ({ node, proxy: this.proxies[i]!, to: `port ${node.port}` }))
    return ways.filter(({ node }) => primaries.includes(node))
  }

  async #primary(random: Random): Promise<ClusterNode> {
    const primaries = await this.cluster.primaries()
    return pick(random, primaries.sort((a, b) => a.port - b.port))
  }

  /** Takes a primary away, and waits until somebody has taken over. */
  async #replaced(random: Random, away: (node: ClusterNode) => Promise<Applied>): Promise<Applied> {
    const [primary, before] = [await this.#primary(random), await this.leaders()]
    await this.#copied(primary)
    const applied = await away(primary)
    await untilReplaced(() => this.#leadersBut(primary), without(before, primary))
    return applied
  }

  /** Waits until a node is not the only one that has what it acknowledged until now. */
  async #copied(primary: ClusterNode): Promise<void> {
    await copied(primary, await this.cluster.replicasOf(primary))
  }

  async #migrate(random: Random): Promise<string> {
    const from = await this.#primary(random)
    const to = pick(random, (await this.cluster.primaries()).filter((node) => node !== from))
    const { slots } = await from.self()
    const count = between(random, 1, 12)
    const owned = slots.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i))
    // Slots with keys first: an empty one moves unseen.
    const filled: number[] = []
    for (const slot of shuffled(random, owned).slice(0, SLOTS / 16)) {
      if (filled.length < count && (await from.ask<number>('CLUSTER', 'COUNTKEYSINSLOT', slot)) > 0) filled.push(slot)
    }
    await this.cluster.migrate(filled, from, to, { keysPerStep: 1 })
    return `${filled.length} slots from port ${from.port} to ${to.port}`
  }

  #faults(): Fault[] {
    const nodes = () => this.cluster.alive
    return [
      {
        name: 'CLUSTER FAILOVER',
        loses: 'nothing',
        replaces: true,
        lasts: [0, 0],
        apply: async ({ random }) => {
          const primary = await this.#primary(random)
          const [replica] = await this.cluster.replicasOf(primary)
          await this.cluster.failover(replica!)
          return { detail: `port ${primary.port} to ${replica!.port}` }
        },
      },
      {
        name: 'slots migrated',
        loses: 'nothing',
        lasts: [0, 0],
        apply: async ({ random }) => ({ detail: await this.#migrate(random) }),
      },
      {
        name: 'SIGSTOP of a node, not for long',
        loses: 'perhaps',
        lasts: [50, NODE_TIMEOUT_MS],
        apply: async ({ random }) => stopped(pick(random, this.cluster.nodes)),
      },
      {
        name: 'SIGSTOP of a primary until it is replaced',
        loses: 'late',
        lasts: [0, 500],
        apply: ({ random }) => this.#replaced(random, stopped),
      },
      {
        name: 'SIGKILL of a node, started again at once',
        loses: 'perhaps',
        lasts: [0, 200],
        apply: async ({ random }) => killed(pick(random, this.cluster.nodes)),
      },
      {
        name: 'SIGKILL of a primary until it is replaced',
        loses: 'late',
        lasts: [0, 500],
        apply: ({ random }) => this.#replaced(random, killed),
      },
      askedOfAll('CLIENT KILL on all nodes', ['CLIENT', 'KILL', 'TYPE', 'normal'], nodes),
      askedOfAll('SCRIPT FLUSH on all nodes', ['SCRIPT', 'FLUSH'], nodes),
      ...networkFaults(() => this.#ways()),
    ]
  }

  async #leadersBut(node: ClusterNode): Promise<string> {
    return without(await this.leaders(), node)
  }
}

const without = (leaders: string, { id }: ClusterNode) =>
  leaders
    .split(' ')
    .filter((other) => other !== id)
    .join(' ')
