import type { RedisOptions } from '../index.js'

/** The `commandTimeout` of every client. */
export const DEADLINE_MS = 500

/** How long a lease lasts whose holder has lost the reply, and how long the others wait for him. */
export const LEASE_MS = 1000
export const WAIT_MS = 300

/** How many operations are under way at once. */
export const WORKERS = 64

/** Short, so that much happens in a minute. */
export const COMMON: RedisOptions = {
  commandTimeout: DEADLINE_MS,
  connectTimeout: 1000,
  watchdogMs: 300,
  reconnect: { minMs: 10, maxMs: 200 },
  // What is refused at once puts nothing to the test.
  breaker: false,
}

/** One client of each kind, beside the address. */
export const CLIENTS: Readonly<Record<string, RedisOptions>> = {
  shared: {},
  pool: { poolSize: 3 },
  resp2: { protocol: 2 },
}

/** Once the servers are well and agree, every client must have written by then. */
export const RECOVERY_MS = 20_000

/** How long what was on its way during a fault may still take effect. */
export const ECHO_MS = 500

/** Of a core, while every server is away and nothing is asked. A loop that is busy takes the whole of it. */
export const IDLE_SHARE = 0.35

/** How much the process may grow after its first faults. */
export const GROWTH_MB = 200

/** Half of the event loop's turns are shorter; what blocks it for longer is no noise. */
export const LOOP_MS = 100
