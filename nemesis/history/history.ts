import type { Moment } from '../clock'
import type { Attempt } from './attempt'

/** All that is known of an act when it is over: what the judge is given. */
export interface History {
  readonly attempts: readonly Attempt[]
  readonly faults: readonly Window[]
  readonly losses: readonly Loss[]
  /** What the fenced registers held, in the order in which their server took it. */
  readonly stored: readonly Stored[]
  /** The same of the registers that look at no token. */
  readonly storedUnfenced: readonly Stored[]
  /** The resources that somebody wants at any time, with the longest TTL of each. */
  readonly ttls: Readonly<Record<string, number>>
  readonly ends: readonly End[]
  readonly leftovers: Leftovers
  /** What was counted while many waited and nothing went wrong. */
  readonly calm?: Calm | undefined
  /** When the processes were told to end. */
  readonly stopped: Moment
  /** How many ms of a span the machine let its processes wait for a core. */
  lateMs(from: Moment, to: Moment): number
  /** How far somebody set the clock by which servers count TTLs, in ms. */
  readonly clockStepMs: number
}

/** A fault and how long it lasted. */
export interface Window {
  readonly name: string
  readonly detail?: string | undefined
  readonly from: Moment
  readonly to: Moment
  /** Whom it hit; everybody without it. */
  readonly processes?: readonly string[] | undefined
  /** Whether those stood still meanwhile. */
  readonly halts?: boolean | undefined
}

/** The servers forgot what they had acknowledged. */
export interface Loss {
  /** It happened not before `from`, and was over at `to`. */
  readonly from: Moment
  readonly to: Moment
  /** What was acknowledged before this is safe; nothing is without it. */
  readonly since?: Moment
  /** Whether what all replicas had was kept. */
  readonly sparesReplicated?: boolean
}

/** A value that a register took. */
export interface Stored {
  readonly resource: string
  /** Of the attempt and of its write. */
  readonly id: string
  readonly n: number
  readonly token: number | null
}

/** How a process ended. */
export interface End {
  readonly process: string
  /** Whether it was killed on purpose. */
  readonly killed: boolean
  readonly at: Moment
  readonly code: number | null
  readonly said: string
}

/** Keys on the servers. */
export interface Leftovers {
  /** Those that were seen without a TTL at any time. */
  readonly immortal: readonly string[]
  /** Those that are there when nobody wants a lock any more and the longest TTL is over. */
  readonly late: readonly string[]
}

export interface Calm {
  /** By name. */
  readonly commands: Readonly<Record<string, number>>
  readonly handOvers: number
}
