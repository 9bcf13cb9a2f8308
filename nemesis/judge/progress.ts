import type { Moment } from '../clock'
import type { Attempt } from '../history/attempt'
import type { History } from '../history/history'
import { PROGRESS_CEILING_MS } from '../settings'
import type { Violation } from './violation'

/** (I5) Two TTLs after a fault is over, every resource that is wanted has been acquired anew. */
export function progress(history: History): Violation[] {
  return history.faults.flatMap(({ name, to }) =>
    Object.keys(history.ttls).flatMap((resource) => {
      const bound = boundMs(history.attempts, resource, to, history.ttls[resource]!) + history.lateMs(to, history.stopped)
      const acquired = acquiredSince(history.attempts, resource, to)
      const isBroken = acquired === undefined ? history.stopped > to + bound : acquired > to + bound
      if (!isBroken) return []
      const how = acquired === undefined ? 'never again' : `only ${Math.round(acquired - to)} ms later`
      return [{ rule: 'progress' as const, what: `'${resource}' was acquired ${how} after '${name}' was over`, at: to }]
    }),
  )
}

/** When a resource was first acquired after a moment. */
export function acquiredSince(attempts: Iterable<Attempt>, resource: string, since: Moment): Moment | undefined {
  let first: Moment | undefined
  for (const { job, believed } of attempts) {
    if (believed === undefined || believed.from <= since || !job.resources.includes(resource)) continue
    if (first === undefined || believed.from < first) first = believed.from
  }
  return first
}

/** Within two TTLs, counted from when the last one who held it all the time has let it go. */
export function boundMs(attempts: Iterable<Attempt>, resource: string, since: Moment, ttlMs: number): number {
  let free = since
  for (const { job, believed } of attempts) {
    if (believed !== undefined && believed.from <= since && job.resources.includes(resource)) free = Math.max(free, believed.to)
  }
  return free - since + 2 * ttlMs + PROGRESS_CEILING_MS
}
