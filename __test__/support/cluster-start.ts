import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { ClusterNode } from './cluster-node'
import { freePorts, LOOPBACK } from './ports'
import { newFolder } from './reaper'
import type { Credentials } from './redis-node'
import { ServerProcess, serverProgram } from './server-process'
import { shares } from './slots'
import { until } from './until'

// A cluster in a quarter of a second. Every node gets its `nodes.conf` ready-made, so nobody has to meet anybody. That alone would not
// do: a primary that starts keeps the cluster down for two seconds (CLUSTER_WRITABLE_DELAY), and a replica does not. So each primary starts
// as a replica of a ghost that has its slots, takes over from it, and forgets it.

interface Plan {
  id: string
  port: number
  busPort: number
  /** A primary's. */
  share?: { first: number; last: number; ghost: string; epoch: number }
  /** A replica's. */
  primary?: Plan
}

export interface ClusterSettings {
  primaries: number
  replicasEach: number
  nodeTimeoutMs: number
  args: readonly string[]
  credentials: Credentials
}

const CHATTY_MS = 300

const newId = () => randomBytes(20).toString('hex')

async function plan({ primaries, replicasEach }: ClusterSettings): Promise<Plan[]> {
  const total = primaries * (1 + replicasEach)
  const ports = await freePorts(total * 2)
  const place = () => ({ id: newId(), port: ports.pop()!, busPort: ports.pop()! })
  const first: Plan[] = shares(primaries).map((share, i) => ({ ...place(), share: { ...share, ghost: newId(), epoch: i + 1 } }))
  const replicas = Array.from({ length: total - primaries }, (_, i): Plan => ({ ...place(), primary: first[i % primaries]! }))
  return [...first, ...replicas]
}

/** The `nodes.conf` of one node. */
function configOf(self: Plan, all: readonly Plan[]): string {
  const lines = all.flatMap((node) => {
    const mine = node === self ? 'myself,' : ''
    const head = `${node.id} ${LOOPBACK}:${node.port}@${node.busPort} ${mine}`
    if (node.share === undefined) return `${head}slave ${node.primary!.id} 0 0 0 connected`
    const { first, last, ghost, epoch } = node.share
    if (node !== self) return `${head}master - 0 0 ${epoch} connected ${first}-${last}`
    return [`${head}slave ${ghost} 0 0 0 connected`, `${ghost} :0@0 master,noaddr - 0 0 ${epoch} connected ${first}-${last}`]
  })
  // Higher than that of any who started before: see `startNodes`.
  const epoch = all.length + all.indexOf(self)
  return `${lines.join('\n')}\nvars currentEpoch ${epoch} lastVoteEpoch 0\n`
}

function prepare(self: Plan, all: readonly Plan[], { nodeTimeoutMs, args, credentials }: ClusterSettings): ClusterNode {
  const folder = newFolder()
  fs.writeFileSync(path.join(folder, 'nodes.conf'), configOf(self, all))
  const { password } = credentials
  const settings = {
    bind: LOOPBACK,
    port: self.port,
    'cluster-port': self.busPort,
    'cluster-enabled': 'yes',
    // Who waits for a short time asks often, so everybody hears soon of a replica that its copy is complete. Replicas call no vote.
    'cluster-node-timeout': self.share === undefined ? Math.min(CHATTY_MS, nodeTimeoutMs) : nodeTimeoutMs,
    'cluster-require-full-coverage': 'no',
    // A replica stays with its primary, and may follow it however old its copy is.
    'cluster-allow-replica-migration': 'no',
    'cluster-replica-validity-factor': 0,
    // Not by itself, that is: see `mayReplace`.
    'cluster-replica-no-failover': 'yes',
    // From a file a replica is online at once, and from a socket only with its first word a second later.
    'repl-diskless-sync': 'no',
    save: '',
    ...(password !== undefined && { requirepass: password, masterauth: password }),
  }
  const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  return new ClusterNode(self.id, self.port, new ServerProcess(folder, [serverProgram(), ...words, ...args]), credentials)
}

/** The nodes of a new cluster, primaries first. They do not all know of each other's state yet. */
export async function startNodes(settings: ClusterSettings): Promise<ClusterNode[]> {
  const plans = await plan(settings)
  const nodes = plans.map((one) => prepare(one, plans, settings))
  try {
    // One after the other. A take-over goes one beyond the highest epoch that is known, so each must be done before a higher one is heard of:
    // of two with the same epoch one takes another after a while, until which they are no settled cluster.
    for (const [i, { share }] of plans.entries()) if (share !== undefined) await startPrimary(nodes[i]!, share.ghost)
    const ends = await Promise.allSettled(plans.map(({ share }, i) => (share === undefined ? nodes[i]!.start() : undefined)))
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return nodes
  } catch (error) {
    await Promise.all(nodes.map((node) => node.process.dispose()))
    throw error
  }
}

async function startPrimary(node: ClusterNode, ghost: string): Promise<void> {
  await node.start()
  await until('the cluster is up for it', () => node.isUp())
  await node.ask('CLUSTER', 'FAILOVER', 'TAKEOVER')
  await node.ask('CLUSTER', 'FORGET', ghost)
}
