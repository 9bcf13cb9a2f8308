import type { Job } from '../locks/contract'
import type { MakeName } from '../locks/all'

/** What a process is started with. */
export interface Config {
  readonly name: string
  readonly seed: number
  readonly make: MakeName
  /** Where it writes down what happens. */
  readonly log: string
  /** The servers of the locks, each behind a proxy. */
  readonly servers: readonly { host: string; port: number }[]
  /** The server of the registers, which no fault touches. */
  readonly registers: string
  readonly menu: readonly Job[]
  readonly workers: number
}

/** What a process is told on its way. */
export type Order =
  | { do: 'hold'; tag: string; job: Job; holdMs: number; blockMs?: number }
  /** All want one lock, and each holds it for a moment only; until the next order of the kind. */
  | { do: 'contend'; job: Job | null }
  | { do: 'stop' }
