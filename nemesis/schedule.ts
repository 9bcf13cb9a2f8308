import { between, pick, type Random, randomFor, shuffled } from '../soak/random'
import type { Fault } from './world'

/** A fault at its place in an act. */
export interface Planned {
  /** From 1. */
  readonly number: number
  readonly fault: Fault
  /** Another, which happens within it. */
  readonly within?: Fault | undefined
  /** How long all is well before it. */
  readonly calmMs: number
  readonly lastsMs: number
  readonly random: Random
}

/**
 * Every fault once in random order, and again: so that a short run sees many. From the second time on something may happen to a server
 * while a process is in trouble. All of it follows from the seed.
 */
export function* schedule(seed: number, name: string, faults: readonly Fault[]): Generator<Planned, never> {
  const onServers = faults.filter(({ on }) => on === 'server')
  for (let number = 1, deck: Fault[] = [], round = 0; ; number++) {
    if (deck.length === 0) deck = shuffled(randomFor(seed, `${name} round ${++round}`), faults)
    const random = randomFor(seed, `${name} turn ${number}`)
    const fault = deck.shift()!
    const isDouble = round > 1 && fault.on === 'process' && onServers.length > 0 && random() < 0.5
    const within = isDouble ? pick(random, onServers) : undefined
    yield { number, fault, within, calmMs: between(random, 50, 300), lastsMs: between(random, ...fault.lasts), random }
  }
}
