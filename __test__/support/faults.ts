import assert from 'node:assert/strict'
import type { RedisNode } from './redis-node'
import { until } from './until'

/** Waits until replicas have all that their primary had when this was called. */
export async function copied(primary: RedisNode, replicas: readonly RedisNode[]): Promise<void> {
  const offset = Number((await primary.info('replication')).get('master_repl_offset'))
  for (const replica of replicas) {
    await until('the replica has it all', async () => Number((await replica.info('replication')).get('slave_repl_offset')) >= offset)
  }
}

const WINDOW_MS = 2000
/** Of a core. A loop that is busy takes the whole of it; a slow machine takes some of it for what is next to nothing elsewhere. */
const MOST = 0.5

/** Whoever waits for a server that is away does next to nothing meanwhile. Nothing else may be going on in this process. */
export async function assertIdle(): Promise<void> {
  const [begun, before] = [performance.now(), process.cpuUsage()]
  await new Promise((resolve) => setTimeout(resolve, WINDOW_MS))
  const { user, system } = process.cpuUsage(before)
  const share = (user + system) / 1000 / (performance.now() - begun)
  assert.ok(share < MOST, `${(share * 100).toFixed(1)} % of a core`)
}
