import type { ClusterNode } from './cluster-node'
import { isMaster } from './cluster-view'

/** The steps of moving one slot, each told when it is done. Commands may be served at either end meanwhile, by `ASK` and `TRYAGAIN`. */
export type MigrationStep = 'importing' | 'migrating' | 'keys' | 'moved'

export interface Migration {
  /** How many keys move at once. Default: `10`. */
  keysPerStep?: number
  /** Told after each step, and waited for; `keys` comes once for every lot of keys. */
  onStep?: (step: MigrationStep, slot: number) => unknown
}

interface Nodes {
  readonly password: string | undefined
  readonly alive: ClusterNode[]
}

export async function moveSlot(cluster: Nodes, slot: number, from: ClusterNode, to: ClusterNode, { keysPerStep = 10, onStep }: Migration = {}): Promise<void> {
  await to.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id)
  await onStep?.('importing', slot)
  await from.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id)
  await onStep?.('migrating', slot)
  for (;;) {
    const keys: string[] = await from.ask('CLUSTER', 'GETKEYSINSLOT', slot, keysPerStep)
    if (keys.length === 0) break
    const auth = cluster.password === undefined ? [] : ['AUTH', cluster.password]
    await from.ask('MIGRATE', to.host, to.port, '', 0, 30_000, ...auth, 'KEYS', ...keys)
    await onStep?.('keys', slot)
  }
  // The new owner first: the old one would send it commands that it refuses. Replicas hear of it from their primary.
  await to.ask('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
  await from.ask('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
  for (const node of cluster.alive) {
    if (node !== to && node !== from && isMaster(await node.self())) await node.ask('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
  }
  await onStep?.('moved', slot)
}
