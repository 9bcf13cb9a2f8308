import type { Job } from '../locks/contract'

const mutex = (resources: readonly string[], ttlMs: number, waitMs: number, renew: boolean): Job => ({ lock: 'mutex', resources, ttlMs, waitMs, renew })

/** Mutexes, one and two at a time, waited for and not, some for a moment only, renewed and not. `a` is wanted by many. */
export const MUTEXES: readonly Job[] = [
  mutex(['a'], 800, 0, false),
  mutex(['a'], 800, 150, false),
  mutex(['a'], 800, 2000, false),
  mutex(['a'], 600, 3000, true),
  mutex(['b'], 400, 1000, false),
  mutex(['b'], 800, 2000, true),
  mutex(['a', 'b'], 600, 2000, false),
]

const waited = { waitMs: 3000, renew: false }

/** Of every kind. */
export const ALL: readonly Job[] = [
  ...MUTEXES,
  { ...waited, lock: 'mutex', resources: ['fair'], ttlMs: 600, fair: true },
  { ...waited, lock: 'mutex', resources: ['fair'], ttlMs: 800, fair: true, renew: true },
  { ...waited, lock: 'mutex', resources: ['fair'], ttlMs: 600, fair: true, waitMs: 150 },
  { ...waited, lock: 'semaphore', resources: ['permits'], ttlMs: 600, permits: 2 },
  { ...waited, lock: 'semaphore', resources: ['permits'], ttlMs: 800, permits: 2, waitMs: 0 },
  { ...waited, lock: 'semaphore', resources: ['fair permits'], ttlMs: 600, permits: 2, fair: true, renew: true },
  { ...waited, lock: 'read', resources: ['book'], ttlMs: 600 },
  { ...waited, lock: 'read', resources: ['book'], ttlMs: 800, renew: true },
  { ...waited, lock: 'write', resources: ['book'], ttlMs: 600 },
  { ...waited, lock: 'write', resources: ['book'], ttlMs: 600, waitMs: 150 },
  { ...waited, lock: 'write', resources: ['book'], ttlMs: 800, waitMs: 0 },
]

/** The TTL of whom a fault is to hit. */
export const PREY_TTL_MS = 800

export const MUTEX_PREYS: readonly Job[] = [mutex(['a'], PREY_TTL_MS, 0, false), mutex(['a', 'b'], PREY_TTL_MS, 0, false)]

export const PREYS: readonly Job[] = [
  ...MUTEX_PREYS,
  ...ALL.filter(({ lock, renew, waitMs }) => lock !== 'mutex' && !renew && waitMs === waited.waitMs).map((job) => ({ ...job, ttlMs: PREY_TTL_MS })),
]

/** Nobody's TTL ends while all wait for it. */
export const CONTENDED: Job = mutex(['contended'], 5000, 20_000, false)

/** The same, with every replica knowing of each lock. */
export const replicated = (menu: readonly Job[]): Job[] => menu.map((job) => ({ ...job, replicated: true }))
