import type { Redis } from '../../index.js'

/** A lock to be acquired, and how. */
export interface Job {
  /** What `read` and `write` are asked of is one lock. */
  readonly lock: 'mutex' | 'semaphore' | 'read' | 'write'
  readonly resources: readonly string[]
  readonly ttlMs: number
  /** `0`: one try. */
  readonly waitMs: number
  readonly renew?: boolean
  readonly fair?: boolean
  /** Of a semaphore. */
  readonly permits?: number
  /** Whether all replicas must know of it. */
  readonly replicated?: boolean
}

export interface Held {
  /** Its fencing token, if the lock has any. */
  readonly token: number | null
  readonly signal: AbortSignal
  isValid(): boolean
  /** In words of the lock's own. */
  release(): Promise<string>
}

/** What a process does with locks: little enough that locks of any make can be put to the test. */
export interface Locks {
  /** `null` when another holds it. */
  acquire(job: Job): Promise<Held | null>
  /** Writes to a register that takes nothing from a holder who came before the last one. Whether it was taken. */
  fencedSet(register: Redis, key: string, token: number | null, value: string): Promise<boolean>
}

/** A make of locks. */
export interface Make {
  /** What it can do. */
  does(job: Job): boolean
  /** One client for each of the servers that decide together. */
  open(clients: readonly Redis[]): Locks
}
