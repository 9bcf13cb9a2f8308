import type { Redis } from '../../index.js'

const NAMES = ['connect', 'ready', 'reconnecting', 'close', 'error', 'gap'] as const

export type Event = { name: (typeof NAMES)[number]; info: any }

/** Everything that a client emits from now on. */
export function recordEvents(redis: Redis): Event[] {
  const events: Event[] = []
  for (const name of NAMES) redis.on(name as 'gap', (info) => events.push({ name, info }))
  return events
}

export const namesOf = (events: Event[]) => events.map(({ name }) => name)
