import { type Attempt, conflict } from '../history/attempt'
import type { History } from '../history/history'
import { grantedBefore } from '../history/order'
import type { Violation } from './violation'

/** (I2) Fencing tokens rise, strictly, in the order in which a resource was acquired. */
export function tokens(history: History): Violation[] {
  const held = history.attempts.filter(({ outcome }) => outcome === 'held')
  const resources = new Set(held.flatMap(({ job }) => job.resources))
  return [...resources].flatMap((resource) => {
    const acquired = held.filter(({ job }) => job.resources.includes(resource))
    const bare = acquired.filter(({ token }) => token == null)
    if (bare.length > 0) return [violation(`'${resource}' was acquired ${bare.length} times without a fencing token`, bare[0]!)]
    return [...byAnswer(acquired), ...byLease(acquired, history)].filter(first())
  })
}

/** Against all that were answered before the call was made. */
function byAnswer(acquired: readonly Attempt[]): Violation[] {
  const answered = [...acquired].sort((a, b) => a.settled! - b.settled!)
  const violations: Violation[] = []
  let at = 0
  let highest: Attempt | undefined
  for (const next of [...acquired].sort((a, b) => a.asked - b.asked)) {
    for (; at < answered.length && answered[at]!.settled! < next.asked; at++) highest = higher(highest, answered[at]!)
    if (highest !== undefined && next.token! <= highest.token!) violations.push(notAbove(next, highest))
  }
  return violations
}

/** Against those whose leases must have come before, where one excludes the other. */
function byLease(acquired: readonly Attempt[], { losses }: History): Violation[] {
  const violations: Violation[] = []
  let earlier: Attempt[] = []
  for (const next of acquired.filter(({ believed }) => believed !== undefined).sort((a, b) => a.believed!.from - b.believed!.from)) {
    const before = earlier.find((other) => conflict(other.job, next.job) && next.token! <= other.token! && grantedBefore(other, next, losses))
    if (before !== undefined) violations.push(notAbove(next, before))
    // One whose token is not above another's finds nothing that the other would not find, unless it is of another kind.
    earlier = earlier.filter(({ token, job }) => token! > next.token! || job.lock !== next.job.lock)
    earlier.push(next)
  }
  return violations
}

const higher = (a: Attempt | undefined, b: Attempt) => (a === undefined || b.token! > a.token! ? b : a)

const notAbove = (next: Attempt, before: Attempt) =>
  violation(`${next.id} has the token ${next.token}, and ${before.id}, which came before, has ${before.token}`, next, before)

function violation(what: string, ...about: Attempt[]): Violation {
  return { rule: 'tokens', what, at: about[0]!.settled, ids: about.map(({ id }) => id) }
}

/** One report for each attempt is enough. */
function first() {
  const seen = new Set<string>()
  return ({ ids }: Violation) => !seen.has(ids![0]!) && !!seen.add(ids![0]!)
}
