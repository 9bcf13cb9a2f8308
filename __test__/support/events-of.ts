import { subscribe, unsubscribe } from 'node:diagnostics_channel'

const EVENTS = ['hit', 'stale', 'negative', 'miss', 'load', 'load:error', 'store', 'invalidate', 'error'] as const

export type Told = { event: (typeof EVENTS)[number]; message: any }

/** Everything that caches publish, those of one name or all, until it is disposed of. */
export function eventsOf(cache?: string) {
  const told: Told[] = []
  const listeners = EVENTS.map((event) => {
    const listener = (message: any) => {
      if (cache === undefined || message.cache === cache) told.push({ event, message })
    }
    subscribe(`redwright:cache:${event}`, listener)
    return [event, listener] as const
  })
  return {
    told,
    /** The events since the last call, those with a count summed: `{ hit: 2, load: 1 }`. */
    take(): Record<string, number> {
      const sums: Record<string, number> = {}
      for (const { event, message } of told.splice(0)) sums[event] = (sums[event] ?? 0) + (message.count ?? 1)
      return sums
    },
    [Symbol.dispose]: () => listeners.forEach(([event, listener]) => unsubscribe(`redwright:cache:${event}`, listener)),
  }
}
