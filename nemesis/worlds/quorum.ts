import type { RedisNode } from '../../__test__/support/redis-node'
import { holderFaults } from '../faults/holders'
import { networkFaults } from '../faults/network'
import { restart, serverFaults } from '../faults/servers'
import type { Fault, World } from '../world'
import { JOURNALLED, startNodes } from './nodes'
import { MUTEX_PREYS, MUTEXES, PREY_TTL_MS } from './menus'
import { worldOf } from './single'

/** A node has a twentieth of the TTL to answer: more than on one server, for a slow machine's sake. */
const STRETCH = 2

/** Three servers that know nothing of each other and remember what they acknowledged; one of them fails at a time. */
export async function startQuorum(): Promise<World> {
  const nodes = await startNodes(3, ...JOURNALLED)
  await setAhead(nodes[0]!)
  const servers = () => nodes
  const ttlMs = PREY_TTL_MS * STRETCH
  const faults = [...serverFaults(servers, ttlMs), restart(servers, { forgets: false }), ...holderFaults(ttlMs).filter(isShort), ...networkFaults(ttlMs).filter(isShort)]
  const menu = MUTEXES.map((job) => ({ ...job, ttlMs: job.ttlMs * STRETCH }))
  return { ...worldOf('quorum', nodes, faults), menu, preys: MUTEX_PREYS }
}

/** How far the clock of one of them would have been ahead. */
const AHEAD_MS = 3_600_000

/** Has one server know of a later token than the others will have by their clocks for a long time: as if its own were ahead. */
async function setAhead(node: RedisNode): Promise<void> {
  const token = (Date.now() + AHEAD_MS) * 1000
  for (const resource of new Set(MUTEXES.flatMap(({ resources }) => resources))) await node.ask('SET', `fence:{lock:${resource}}`, token, 'PX', 24 * AHEAD_MS)
}

/** What happens to processes is no different here but for these. */
const isShort = ({ name }: Fault) => /longer|frozen|lost/.test(name)
