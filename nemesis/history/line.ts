import type { Moment } from '../clock'
import type { Job } from '../locks/contract'

/**
 * What a process writes down, one thing a line. A moment at which a lock is `valid` was taken before the lock was asked, so that whatever
 * happens between the two makes the lock look shorter, and never longer.
 */
export type Line =
  | { e: 'up'; t: Moment }
  | { e: 'ask'; t: Moment; id: string; job: Job; tag?: string }
  | { e: 'held'; t: Moment; id: string; token: number | null; valid: boolean }
  | { e: 'busy'; t: Moment; id: string }
  | { e: 'failed'; t: Moment; id: string; error: string }
  | { e: 'valid'; t: Moment; id: string }
  | { e: 'over'; t: Moment; id: string; aborted: boolean; why: string }
  | { e: 'block'; t: Moment; id: string; ms: number }
  | { e: 'unblocked'; t: Moment; id: string; valid: boolean; aborted: boolean }
  | { e: 'write'; t: Moment; id: string; n: number }
  | { e: 'wrote'; t: Moment; id: string; n: number; accepted: Record<string, boolean | null> }
  | { e: 'release'; t: Moment; id: string }
  | { e: 'released'; t: Moment; id: string; outcome: string }
  | { e: 'down'; t: Moment }
