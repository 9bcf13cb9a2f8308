import type { RedisOptions } from '../index.js'
import type { Random } from './random'

/** Servers, and what can be done to them. */
export interface World {
  readonly name: string
  /** Where a client finds them. */
  readonly address: RedisOptions
  readonly faults: readonly Fault[]
  /** Who takes writes, and since when, in one line; it changes when somebody else takes over. */
  leaders(): Promise<string>
  /** Waits until the servers are well and agree. */
  settled(): Promise<void>
  /** Takes every server away. */
  leave(): Promise<void>
  /** Ends `leave`. */
  comeBack(): Promise<void>
  stop(): Promise<void>
}

/**
 * What of the acknowledged a fault may cost the servers themselves: nothing; what they had not copied when somebody else took over;
 * the same, if somebody did; all.
 */
export type Loss = 'nothing' | 'late' | 'perhaps' | 'all'

export interface Fault {
  readonly name: string
  readonly loses: Loss
  /** Whether somebody else takes over without any loss. */
  readonly replaces?: boolean
  /** In ms. */
  readonly lasts: readonly [least: number, most: number]
  /** Begins it. */
  apply(turn: { random: Random; lastsMs: number }): Promise<Applied>
}

export interface Applied {
  /** To whom, how much. */
  detail?: string | undefined
  /** Ends it; a fault that ends by itself has none. */
  heal?: (() => Promise<void>) | undefined
}
