import type { Attempt } from '../../nemesis/history/attempt'
import type { History } from '../../nemesis/history/history'
import { judge } from '../../nemesis/judge/judge'
import type { Job } from '../../nemesis/locks/contract'

/** Told in as few words as a test needs. */
interface Told extends Partial<Omit<Attempt, 'job'>> {
  job?: Partial<Job>
  /** Believed held from the first moment to the second. */
  held?: readonly [from: number, to: number]
}

let attempts = 0

/** An attempt to acquire `a`, asked for just before it was granted. */
export function attempt({ held, job, ...rest }: Told = {}): Attempt {
  const id = rest.id ?? `p1/0/${++attempts}`
  const asked = rest.asked ?? (held?.[0] ?? 0) - 0.5
  return {
    id,
    process: id.split('/')[0]!,
    asked,
    job: { lock: 'mutex', resources: ['a'], ttlMs: 1000, waitMs: 0, ...job },
    outcome: held === undefined ? 'busy' : 'held',
    settled: held?.[0] ?? asked + 1,
    ...(held !== undefined && { believed: { from: held[0], to: held[1] }, token: held[0] }),
    writes: [],
    blocks: [],
    ...rest,
  }
}

/** What is not told is well. */
export function history(told: Partial<History>): History {
  const attempts = told.attempts ?? []
  const last = Math.max(0, ...attempts.map(({ settled, believed }) => believed?.to ?? settled ?? 0))
  return {
    attempts,
    faults: [],
    losses: [],
    stored: [],
    storedUnfenced: [],
    ttls: {},
    ends: [],
    leftovers: { immortal: [], late: [] },
    stopped: last + 1,
    lateMs: () => 0,
    clockStepMs: 0,
    ...told,
  }
}

/** The rules that a history breaks. */
export const broken = (told: Partial<History>) => [...new Set(judge(history(told)).map(({ rule }) => rule))]

/** What was said about it. */
export const verdict = (told: Partial<History>) => judge(history(told)).map(({ rule, what }) => `${rule}: ${what}`)
