import type { Moment } from '../clock'
import type { Attempt } from '../history/attempt'
import type { History, Window } from '../history/history'
import type { Job } from '../locks/contract'
import { COMMAND_MS, REPLICA_MS, SETTLE_CEILING_MS, SETTLE_QUARTER_MS, SETTLE_SAMPLE, SETTLE_SHARE } from '../settings'
import type { Violation } from './violation'

/** (I4) Every acquire is answered within its wait, and a tenth of it; every release as soon as a command is. */
export function settling(history: History): Violation[] {
  const late = history.attempts.flatMap((attempt) => {
    const violations: Violation[] = []
    for (const { what, asked, excessMs } of waits(attempt, history)) {
      if (excessMs <= SETTLE_CEILING_MS) continue
      violations.push({ rule: 'settling', what: `${what} of ${attempt.id} was ${Math.round(excessMs)} ms late`, at: asked, ids: [attempt.id] })
    }
    return violations
  })
  return [...late, ...always(history)]
}

/** Waits that are too long as a rule, and not for the machine's sake. */
function always(history: History): Violation[] {
  const ranOut = history.attempts.filter(({ outcome, job }) => outcome === 'busy' && job.waitMs > 0)
  if (ranOut.length < SETTLE_SAMPLE) return []
  const late = ranOut.map((attempt) => waits(attempt, history)[0]!.excessMs).sort((a, b) => a - b)
  const quarter = late[Math.floor(late.length / 4)]!
  if (quarter <= SETTLE_QUARTER_MS) return []
  return [{ rule: 'settling', what: `three of four of ${late.length} waits that ran out were answered ${Math.round(quarter)} ms late or later` }]
}

/** By how much the latest answer was late, which may be less than nothing. */
export function latest(history: History): number {
  return Math.max(...history.attempts.flatMap((attempt) => waits(attempt, history).map(({ excessMs }) => excessMs)))
}

/** In which an acquire is to be answered. */
export function boundMs({ waitMs, replicated }: Job): number {
  return waitMs * (1 + SETTLE_SHARE) + (waitMs === 0 ? COMMAND_MS : 0) + (replicated ? REPLICA_MS : 0)
}

function waits({ process, job, asked, settled, release }: Attempt, history: History) {
  // What was not answered when its process ended has been waited for until then.
  const ended = history.ends.find((end) => end.process === process)?.at ?? history.stopped
  const excess = (from: Moment, bound: number, to = ended) => to - from - bound - excusedMs(process, from, to, history)
  const acquire = { what: 'acquire', asked, excessMs: excess(asked, boundMs(job), settled) }
  if (release === undefined) return [acquire]
  return [acquire, { what: 'release', asked: release.asked, excessMs: excess(release.asked, COMMAND_MS, release.settled) }]
}

/** How long a process could not have taken an answer: the machine gave it no core, it was stopped, or one of its locks blocked it. */
function excusedMs(process: string, from: Moment, to: Moment, { faults, lateMs }: History): number {
  const halted = faults.filter(({ halts, processes }) => halts && processes?.includes(process))
  return lateMs(from, to) + halted.reduce((sum, window) => sum + shared(window, from, to), 0)
}

const shared = (window: Window, from: Moment, to: Moment) => Math.max(0, Math.min(window.to, to) - Math.max(window.from, from))
