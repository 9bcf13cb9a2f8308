import { setTimeout as pause } from 'node:timers/promises'
import type { Redis } from '../index.js'
import { now } from '../__test__/support/noise'
import type { Expectation, Judge, Told } from './judge'
import type { Random } from './random'
import type { Calm, Risk } from './risk'
import { RECOVERY_MS } from './settings'
import type { Violations } from './violations'

/** A client, and what it is called in what is printed. */
export interface Client {
  name: string
  redis: Redis
}

/** What a workload is given. */
export interface Context {
  clients: readonly Client[]
  judge: Judge
  violations: Violations
  risk: Risk
  calm: Calm
  /** A part of every key, so that runs against one server do not meet. */
  run: string
}

/** What workers of one kind do: a class of the product, or a promise of several. */
export interface Workload {
  /** How many workers do it, of all in proportion. */
  readonly weight: number
  /** One worker; it owns what it makes here. */
  worker(number: number): (random: Random) => Promise<unknown>
  /** Looks at all that was written, with all servers well. Others go on working. */
  sweep?(): Promise<void>
}

/** Runs an operation until it is acknowledged, for those who look at the result of others. */
export async function insist<T>(judge: Judge, what: string, operation: () => Promise<T>, expectation?: Expectation): Promise<Told<T>> {
  const begun = now()
  for (;;) {
    const told = await judge.run(what, operation, expectation)
    if (told.outcome === 'acknowledged') return told
    if (now() - begun > RECOVERY_MS) throw new Error(`${what} has not succeeded for ${RECOVERY_MS / 1000} s, with all servers well`)
    await pause(50)
  }
}
