import { now } from '../__test__/support/noise'
import type { Told } from './judge'
import { flawOf, type Value } from './register'
import type { Account } from './risk'
import type { Context } from './workload'

const KEPT = 40

/** A key whose values come from a source that counts: what may be found in it is what was loaded after the last invalidation. */
export class Floor implements Account {
  /** The last value that was loaded or written. */
  last = 0
  /** Up to here all was invalidated, and that acknowledged; and when. */
  readonly #floors: { upTo: number; at: number }[] = []
  /** Up to here some may be found all the same: the servers may have lost by what an invalidation would have found it. */
  #lost = 0
  /** Values that may come late: written, and nobody knows whether. */
  #doubts: { n: number; at: number }[] = []
  readonly #history: string[] = []

  constructor(
    readonly key: string,
    readonly context: Context,
  ) {
    context.risk.watch(this)
  }

  decided(): void {
    this.#lost = this.last
  }

  emptied(): void {
    this.#lost = this.last
  }

  note(what: string): void {
    this.#history.push(`${(now() % 100_000).toFixed(1)} ${what}`)
    if (this.#history.length > KEPT) this.#history.shift()
  }

  /** What no read that begins now may fall below. `olderThanMs`: what was acknowledged that long ago. */
  floor(olderThanMs = 0): number {
    const before = now() - olderThanMs
    return this.#floors.findLast(({ at }) => at <= before)?.upTo ?? 0
  }

  invalidated(upTo: number, { outcome, begun }: Told<unknown>): void {
    const risk = this.context.risk.touches(begun)
    this.note(`invalidation of all up to ${upTo} ${outcome}${risk === 'not' ? '' : ', at risk'}`)
    if (outcome !== 'acknowledged' || risk !== 'not') return
    this.#floors.push({ upTo, at: now() })
    if (this.#floors.length > KEPT) this.#floors.shift()
    this.#doubts = this.#doubts.filter(({ at }) => !this.context.calm.liesBetween(at, begun))
  }

  /** A write of one value; what was there before is invalid with it. */
  wrote(n: number, told: Told<unknown>): void {
    if (told.outcome === 'doubtful') this.#doubts.push({ n, at: now() })
    this.invalidated(n - 1, told)
  }

  /** Judges what was found by a read that began when the floor was this. */
  found(what: string, floor: number, value: unknown): void {
    const { violations } = this.context
    const flaw = flawOf(this.key, value)
    if (flaw !== undefined) return violations.report(`${what}: ${flaw}`)
    const { n } = value as Value
    this.note(`${what} found ${n}`)
    if (n > this.last) return violations.report(`${what} of ${this.key} found ${n} of ${this.last}`)
    if (n > floor || n <= this.#lost || this.#doubts.some((doubt) => doubt.n === n)) return
    violations.suspect(`${what} of ${this.key} found ${n} after all up to ${floor} had been invalidated; ms: ${this.#history.join('; ')}`)
  }
}
