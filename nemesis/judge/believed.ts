import type { Attempt, Span } from '../history/attempt'
import type { History, Loss } from '../history/history'

/**
 * The spans in which a holder is owed exclusion. What the servers forgot they cannot keep: from then on, until it must have noticed, its
 * lock is excused. It has a TTL for that, since whoever renews a lock that is gone is told so.
 */
export function owed(attempt: Attempt, { losses, clockStepMs }: Pick<History, 'losses' | 'clockStepMs'>): Span[] {
  if (attempt.believed === undefined) return []
  const { from, to } = attempt.believed
  // Servers count TTLs by a clock that can be set.
  let spans: Span[] = [{ from, to: to - clockStepMs }]
  for (const loss of losses) if (isAtRisk(attempt, loss)) spans = spans.flatMap((span) => without(span, loss.from, loss.to + attempt.job.ttlMs))
  return spans.filter((span) => span.to >= span.from)
}

/**
 * Whether a loss may have cost a lock: it was granted at some time between the call and its answer. What is renewed is at risk though it
 * be old: it may be the renewal that is lost.
 */
export function isAtRisk({ asked, believed, job }: Attempt, { to, since = -Infinity, sparesReplicated = false }: Loss): boolean {
  if (believed === undefined || asked > to) return false
  if (sparesReplicated && job.replicated && !job.renew) return false
  return believed.from >= since || job.renew === true
}

function without({ from, to }: Span, first: number, last: number): Span[] {
  if (last < from || first > to) return [{ from, to }]
  return [
    { from, to: Math.min(to, first) },
    { from: Math.max(from, last), to },
  ].filter((span) => span.to > span.from)
}
