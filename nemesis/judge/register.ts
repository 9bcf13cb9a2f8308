import type { Attempt } from '../history/attempt'
import type { History, Stored } from '../history/history'
import { anyLoss, grantedBefore } from '../history/order'
import type { Violation } from './violation'

/** (I3) A fenced register never goes back, keeps what it acknowledged, and refuses nobody who holds. */
export function register(history: History): Violation[] {
  const byId = new Map(history.attempts.map((attempt) => [attempt.id, attempt]))
  const resources = new Set(history.stored.map(({ resource }) => resource))
  const wentBack = [...resources].flatMap((resource) => ofResource(history.stored.filter((one) => one.resource === resource), byId, history))
  return [...wentBack, ...unkept(history), ...refused(history)]
}

function ofResource(stored: readonly Stored[], byId: ReadonlyMap<string, Attempt>, { losses }: History): Violation[] {
  const violations: Violation[] = []
  let latest: Attempt | undefined
  for (const { resource, id } of stored) {
    const attempt = byId.get(id)
    if (attempt === undefined) {
      violations.push({ rule: 'register', what: `'${resource}' took a value of ${id}, which nobody knows of` })
      continue
    }
    if (attempt === latest) continue
    const how = latest === undefined ? undefined : backward(latest, attempt, losses)
    if (how === undefined) latest = attempt
    else violations.push({ rule: 'register', what: `'${resource}' went back: ${how}`, at: attempt.writes.at(-1)?.sent, ids: [attempt.id, latest!.id] })
  }
  return violations
}

/** Why a write of one after a write of another is a step back, if it is one. */
function backward(latest: Attempt, next: Attempt, losses: History['losses']): string | undefined {
  if (latest.token != null && next.token != null && next.token <= latest.token) {
    return `it took ${next.token} of ${next.id} after ${latest.token} of ${latest.id}`
  }
  if (grantedBefore(next, latest, losses)) return `it took a value of ${next.id} after one of ${latest.id}, who held later`
  return undefined
}

function unkept({ attempts, stored }: History): Violation[] {
  const kept = new Set(stored.map(({ resource, id, n }) => `${resource}\0${id}\0${n}`))
  return attempts.flatMap(({ id, writes }) =>
    writes.flatMap(({ n, answered, accepted = {} }) =>
      Object.entries(accepted)
        .filter(([resource, taken]) => taken === true && !kept.has(`${resource}\0${id}\0${n}`))
        .map(([resource]): Violation => ({ rule: 'register', what: `'${resource}' acknowledged the write ${n} of ${id} and never had it`, at: answered, ids: [id] })),
    ),
  )
}

/** Whoever holds before and after a write has the highest token: nobody else can have written. */
function refused({ attempts, losses, ttls }: History): Violation[] {
  const longest = Math.max(0, ...Object.values(ttls))
  return attempts.flatMap(({ id, believed, writes }) =>
    writes
      .filter(({ sent, answered, accepted = {} }) => {
        if (believed === undefined || answered === undefined || !(believed.from <= sent && believed.to >= answered)) return false
        return Object.values(accepted).includes(false) && !anyLoss(losses, believed.from - longest, answered)
      })
      .map(({ n, answered }): Violation => ({ rule: 'register', what: `the write ${n} of ${id} was refused while it held`, at: answered, ids: [id] })),
  )
}
