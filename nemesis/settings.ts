import type { RedisOptions } from '../index.js'

/** The `commandTimeout` of every client. */
export const COMMAND_MS = 500

/** Short, so that much happens in a minute. */
export const CLIENT: RedisOptions = {
  commandTimeout: COMMAND_MS,
  connectTimeout: 1000,
  watchdogMs: 300,
  reconnect: { minMs: 10, maxMs: 200 },
  // What is refused at once puts nothing to the test.
  breaker: false,
}

/** How long an acquire waits for replicas. */
export const REPLICA_MS = 300

/** Of the wait: by so much later an acquire may settle. */
export const SETTLE_SHARE = 0.1

/** Beyond its wait and the share: what a slow machine may take besides. The tight figure is in the report. */
export const SETTLE_CEILING_MS = 3000

/**
 * A quarter of the waits that ran out must have been answered within their wait, the share and this. A slow machine is late now and then;
 * who waits too long is late always.
 */
export const SETTLE_QUARTER_MS = 50

/** With fewer waits than these nothing is said of a quarter. */
export const SETTLE_SAMPLE = 8

/** Beyond two TTLs: what a slow machine may take, whose clients first have to connect again. */
export const PROGRESS_CEILING_MS = 10_000

/** By one release and acquire, of what clients send, where many wait and nothing goes wrong. */
export const COMMANDS_PER_HAND_OVER = 6

/** How many are counted. */
export const HAND_OVERS = 100

/** How long whoever waits counts as waiting without saying so again: as long may its place in a queue outlive it. */
export const WAITER_MS = 3000

/** The processes of a world, and how many locks each wants at a time. */
export const PROCESSES = 4
export const WORKERS = 2

/** How long a process that was told to end may take. */
export const ENDING_MS = 40_000
