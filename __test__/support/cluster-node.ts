import { parseView, selfIn, type Seen } from './cluster-view'
import { RedisNode, type Credentials } from './redis-node'
import type { ServerProcess } from './server-process'

/** A node of a `TestCluster`. */
export class ClusterNode extends RedisNode {
  readonly id: string

  constructor(id: string, port: number, process: ServerProcess, credentials: Credentials) {
    super(port, process, credentials)
    this.id = id
  }

  /** What it knows of all nodes. */
  async view(): Promise<Seen[]> {
    return parseView(await this.ask('CLUSTER', 'NODES'))
  }

  /** What it says of itself. */
  async self(): Promise<Seen> {
    return selfIn(await this.view())
  }

  /** Whether the cluster is up as far as it knows. */
  async isUp(): Promise<boolean> {
    return (await this.ask<string>('CLUSTER', 'INFO')).includes('cluster_state:ok')
  }

  /** Whether it takes commands and its copies are complete. */
  async isReady(): Promise<boolean> {
    return (await this.isUp()) && (await this.isSynchronised())
  }
}
