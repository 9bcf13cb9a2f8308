import type { Moment } from '../clock'
import type { Job } from '../locks/contract'

/** From one moment to another, both belonging to it. */
export interface Span {
  from: Moment
  to: Moment
}

/** One call of acquire, and all that came of it. */
export interface Attempt {
  readonly id: string
  readonly process: string
  readonly job: Job
  /** Given by whoever ordered it. */
  readonly tag?: string | undefined
  readonly asked: Moment
  /** When the call was answered. */
  settled?: Moment
  outcome: 'held' | 'busy' | 'failed' | 'pending'
  error?: string
  token?: number | null
  /** From when it was acquired to when it was last known valid. Absent when it was over before anybody could look. */
  believed?: Span
  /** When it was found to be over, and what its signal said on the next line. */
  over?: { at: Moment; aborted: boolean; why: string }
  readonly writes: Write[]
  readonly blocks: Block[]
  release?: { asked: Moment; settled?: Moment; outcome?: string }
}

/** A write to the fenced register of every resource. */
export interface Write {
  readonly n: number
  readonly sent: Moment
  answered?: Moment
  /** By resource; `null` when nobody knows. */
  accepted?: Record<string, boolean | null>
}

/** A time in which nothing else of the process could run, while it held. */
export interface Block {
  readonly from: Moment
  readonly ms: number
  to?: Moment
  /** What the lock said on the next line. */
  valid?: boolean
  aborted?: boolean
}

/** Whether two locks of a resource exclude each other. */
export function conflict(a: Job, b: Job): boolean {
  if (a.lock === 'semaphore' || b.lock === 'semaphore') return false
  return a.lock !== 'read' || b.lock !== 'read'
}
