import type { Attempt, Block } from '../history/attempt'
import type { History } from '../history/history'
import type { Violation } from './violation'

/**
 * What a lock says of itself is so, on the first line after whatever happened: a signal has aborted when the lock is no longer valid; a
 * lock that nobody renews is over after a loop that was blocked for longer than its TTL; and one that is renewed is not.
 */
export function truth(history: History): Violation[] {
  return history.attempts.flatMap((attempt) => [...signals(attempt), ...attempt.blocks.flatMap((block) => afterBlock(attempt, block, history))])
}

function signals({ id, over }: Attempt): Violation[] {
  if (over === undefined || over.aborted) return []
  return [{ rule: 'truth', what: `${id} is no longer valid, and its signal has not aborted`, at: over.at, ids: [id] }]
}

function afterBlock(attempt: Attempt, block: Block, history: History): Violation[] {
  const { id, job } = attempt
  const { from, to, valid, aborted } = block
  if (to === undefined || to - from < job.ttlMs) return []
  const say = (what: string): Violation[] => [{ rule: 'truth', what: `${id} (TTL ${job.ttlMs} ms) ${what} after ${Math.round(to - from)} ms of a blocked loop`, at: to, ids: [id] }]
  if (job.renew) return valid || isExcused(attempt, block, history) ? [] : say('was renewed and is lost')
  if (valid) return say('was not renewed and says that it is valid')
  return aborted ? [] : say('is over, and its signal has not aborted')
}

/** Renewals may fail when anything else went wrong, or the machine had no core for whoever sends them. */
function isExcused({ job, believed, process }: Attempt, { from, to }: Block, { faults, losses, lateMs }: History): boolean {
  const begun = believed?.from ?? from
  const others = faults.filter((fault) => !(fault.halts && fault.processes?.includes(process) && fault.from >= from))
  const disturbed = [...others, ...losses].some((window) => window.from <= to! && window.to >= begun)
  return disturbed || lateMs(begun, to!) > job.ttlMs / 3
}
