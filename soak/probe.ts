import { setTimeout as pause } from 'node:timers/promises'
import { now } from '../__test__/support/noise'
import type { Judge } from './judge'
import { RECOVERY_MS } from './settings'
import type { Violations } from './violations'
import type { Client } from './workload'

/** Keys for all parts of a cluster. */
const KEYS = Array.from({ length: 16 }, (_, i) => `probe:${i}`)

/** Writes to all parts until each has succeeded once. How long that took. `since` is when the servers were well, once they are. */
async function untilWritten({ name, redis }: Client, judge: Judge, violations: Violations, since: () => number | undefined): Promise<number> {
  const begun = now()
  for (const key of KEYS) {
    while ((await judge.run('Redis.command', () => redis.command('SET', key, name))).outcome !== 'acknowledged') {
      if (now() - (since() ?? now()) > RECOVERY_MS) {
        violations.report(`the client '${name}' (${redis.status}) could not write for ${Math.round((now() - since()!) / 1000)} s with all servers well`)
        return now() - begun
      }
      await pause(10)
    }
  }
  return now() - begun
}

/** Waits until every client writes again, by itself, and the servers are `settled`. How long it took the slowest client. */
export async function recovered(clients: readonly Client[], judge: Judge, violations: Violations, settled: Promise<void>): Promise<number> {
  let since: number | undefined
  const took = await Promise.all([
    ...clients.map((client) => untilWritten(client, judge, violations, () => since)),
    settled.then(() => {
      since = now()
      return 0
    }),
  ])
  return Math.max(...took)
}
