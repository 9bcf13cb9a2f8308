import type { Target } from '../__test__/support/fault-proxy'
import type { RedisNode } from '../__test__/support/redis-node'
import type { Random } from '../soak/random'
import type { Moment } from './clock'
import type { Fleet } from './fleet/fleet'
import type { Loss } from './history/history'
import type { Job } from './locks/contract'

/** Servers, what is wanted of them, and what can happen. */
export interface World {
  readonly name: string
  /** Where the processes find the servers that decide; it may come to mean another server. */
  readonly targets: readonly Target[]
  /** What the processes want. */
  readonly menu: readonly Job[]
  /** What one may want of whom a fault is to hit. */
  readonly preys: readonly Job[]
  /** What all want when hand-overs are counted; not everywhere are they. */
  readonly contended?: Job
  readonly faults: readonly Fault[]
  /** Those who hold the keys, as it is now. */
  servers(): readonly RedisNode[]
  stop(): Promise<void>
}

export interface Fault {
  readonly name: string
  /** Whom it hits: a process, which holds a lock then; or whom all depend on. One of either kind can happen at a time. */
  readonly on: 'process' | 'server'
  /** In ms. */
  readonly lasts: readonly [least: number, most: number]
  apply(turn: Turn): Promise<Applied>
}

/** A fault at its place in an act. */
export interface Turn {
  /** From 1. */
  readonly number: number
  readonly lastsMs: number
  /** What else is to be chosen, such as a process. */
  readonly random: Random
  readonly fleet: Fleet
  /** What one may want of whom the fault is to hit. */
  readonly preys: readonly Job[]
  /** Tells that the servers forgot something. */
  lost(loss: Loss): void
}

/** A fault that has begun. */
export interface Applied {
  readonly from: Moment
  readonly detail?: string | undefined
  /** Whom it hits; everybody without it. */
  readonly processes?: readonly string[]
  /** Whether those stand still. */
  readonly halts?: boolean
  /** Ends it. */
  heal(): Promise<void>
}
