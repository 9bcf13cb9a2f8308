import { type Attempt, conflict, type Span } from '../history/attempt'
import type { History } from '../history/history'
import { owed } from './believed'
import type { Violation } from './violation'

type Held = Span & { attempt: Attempt }

/** (I1) Nobody believes to hold what another believes to hold, and no semaphore has more holders than permits. */
export function exclusion(history: History): Violation[] {
  const resources = new Set(history.attempts.flatMap(({ job }) => job.resources))
  return [...resources].flatMap((resource) => ofResource(resource, history))
}

function ofResource(resource: string, history: History): Violation[] {
  const spans = history.attempts
    .filter(({ job }) => job.resources.includes(resource))
    .flatMap((attempt) => owed(attempt, history).map((span): Held => ({ ...span, attempt })))
    .sort((a, b) => a.from - b.from)
  const violations: Violation[] = []
  let present: Held[] = []
  for (const next of spans) {
    // A moment at which one was valid and another too is shared, be it the only one.
    present = present.filter(({ to, attempt }) => to >= next.from && attempt !== next.attempt)
    violations.push(...clashes(resource, present, next))
    present.push(next)
  }
  return violations
}

function clashes(resource: string, present: readonly Held[], next: Held): Violation[] {
  const { permits } = next.attempt.job
  if (permits !== undefined && present.length + 1 > permits) {
    const all = [...present, next]
    return [violation(resource, all, `${all.length} hold one of ${permits} permits`)]
  }
  return present
    .filter(({ attempt }) => conflict(attempt.job, next.attempt.job))
    .map((other) => violation(resource, [other, next], `both hold it for ${Math.max(0, Math.min(other.to, next.to) - next.from).toFixed(1)} ms`))
}

function violation(resource: string, held: readonly Held[], what: string): Violation {
  const who = held.map(({ attempt: { id, job } }) => `${id} (${job.lock})`).join(' and ')
  return { rule: 'exclusion', what: `'${resource}': ${who}: ${what}`, at: held.at(-1)!.from, ids: held.map(({ attempt }) => attempt.id) }
}
