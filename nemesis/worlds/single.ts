import type { RedisNode } from '../../__test__/support/redis-node'
import { holderFaults } from '../faults/holders'
import { networkFaults } from '../faults/network'
import { flush, restart, serverFaults } from '../faults/servers'
import type { Fault, World } from '../world'
import { ALL, CONTENDED, MUTEX_PREYS, MUTEXES, PREY_TTL_MS, PREYS } from './menus'
import { JOURNALLED, startNodes, stopAll } from './nodes'

/** One server that remembers what it acknowledged. */
export async function startSingle(): Promise<World> {
  const nodes = await startNodes(1, ...JOURNALLED)
  const servers = () => nodes
  const faults = [...holderFaults(PREY_TTL_MS), ...networkFaults(PREY_TTL_MS), ...serverFaults(servers, PREY_TTL_MS), restart(servers, { forgets: false })]
  return { ...worldOf('single', nodes, faults), menu: ALL, preys: PREYS, contended: CONTENDED }
}

/** One server that forgets. */
export async function startForgetful(): Promise<World> {
  const nodes = await startNodes(1)
  const servers = () => nodes
  const stops = holderFaults(PREY_TTL_MS).filter(({ name }) => name.includes('longer'))
  return { ...worldOf('forgetful', nodes, [flush(servers), restart(servers, { forgets: true }), ...stops]), menu: ALL, preys: PREYS }
}

/** What worlds have in common whose servers stay what they are. */
export function worldOf(name: string, nodes: readonly RedisNode[], faults: readonly Fault[]): World {
  return {
    name,
    targets: nodes.map(({ address }) => address),
    menu: MUTEXES,
    preys: MUTEX_PREYS,
    faults,
    servers: () => nodes,
    stop: () => stopAll(nodes),
  }
}
