import { between, randomFor, shuffled, type Random } from './random'
import type { Fault } from './world'

/** A fault at its place in a run. */
export interface Turn {
  /** From 1. */
  number: number
  fault: Fault
  /** How long all is well before it. */
  calmMs: number
  /** How long it lasts, unless it ends by a condition of its own. */
  lastsMs: number
  /** What else is to be chosen, such as a node. */
  random: Random
}

/** Every fault once in random order, and again: so that a short run sees many. All of it follows from the seed. */
export function* schedule(seed: number, faults: readonly Fault[]): Generator<Turn, never> {
  for (let number = 1, deck: Fault[] = [], round = 0; ; number++) {
    if (deck.length === 0) deck = shuffled(randomFor(seed, `round ${++round}`), faults)
    const random = randomFor(seed, `turn ${number}`)
    const fault = deck.shift()!
    yield { number, fault, calmMs: between(random, 100, 800), lastsMs: between(random, ...fault.lasts), random }
  }
}
