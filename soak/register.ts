import { now } from '../__test__/support/noise'
import type { Told } from './judge'
import type { Account, Calm, Risk } from './risk'
import type { Violations } from './violations'

/** What is written: the key, so that a reply meant for another is seen, and which of its writes it is. */
export interface Value {
  key: string
  n: number
  fill: string
}

/** Mostly small, sometimes large enough to be cut in the middle. */
export function valueOf(key: string, n: number): Value {
  return { key, n, fill: `${n} `.repeat(n % 29 === 0 ? 6000 : n % 7) }
}

/** What is wrong with a value in itself. */
export function flawOf(key: string, value: unknown): string | undefined {
  const { n } = (value ?? {}) as Value
  const expected = JSON.stringify(valueOf(key, n))
  const found = JSON.stringify(value)
  return found === expected ? undefined : `a read of ${key} found what was never written to it: ${String(found).slice(0, 200)}`
}

interface Write {
  n: number
  kind: 'value' | 'gone'
  outcome?: 'acknowledged' | 'doubtful' | 'refused'
  ended: number
  /** When it was known that a doubtful one can take effect no more. */
  overAt?: number
}

/** What a reader knows when it begins. */
export interface Reading {
  begun: number
  floor: number
}

const KEPT = 200

/** A key with one writer, who waits for each answer. So every read can be judged. */
export class Register implements Account {
  readonly key: string
  readonly #risk: Risk
  readonly #calm: Calm
  readonly #violations: Violations
  readonly #writes: Write[] = [{ n: 0, kind: 'gone', outcome: 'acknowledged', ended: 0 }]
  /** The last write that cannot be lost. */
  #floor = 0
  /** The last one that was acknowledged, lost or not. */
  #undecided = 0
  #next = 1

  constructor(key: string, risk: Risk, calm: Calm, violations: Violations) {
    this.key = key
    this.#risk = risk
    this.#calm = calm
    this.#violations = violations
    risk.watch(this)
  }

  /** The next write, before it is sent. */
  write(kind: Write['kind']): number {
    const n = this.#next++
    this.#writes.push({ n, kind, ended: Infinity })
    return n
  }

  /** What became of a write. */
  wrote(n: number, { outcome, begun, ended }: Told<unknown>): void {
    Object.assign(this.#writes.find((write) => write.n === n)!, { outcome, ended })
    if (outcome !== 'acknowledged') return
    const risk = this.#risk.touches(begun)
    if (risk === 'undecided') this.#undecided = n
    if (risk !== 'not') return
    this.#floor = n
    for (const write of this.#writes) {
      if (write.outcome === 'doubtful' && this.#calm.liesBetween(write.ended, begun)) write.overAt ??= now()
    }
    this.#forget()
  }

  #forget(): void {
    const old = (write: Write) => write.n < this.#floor - KEPT && (write.outcome !== 'doubtful' || (write.overAt ?? Infinity) < now() - 10_000)
    while (this.#writes.length > KEPT && old(this.#writes[0]!)) this.#writes.shift()
  }

  decided(lost: boolean): void {
    if (!lost) this.#floor = Math.max(this.#floor, this.#undecided)
    this.#undecided = 0
  }

  emptied(): void {
    this.#floor = 0
  }

  read(): Reading {
    return { begun: now(), floor: this.#floor }
  }

  /** Judges what a read found. */
  found(what: string, { begun, floor }: Reading, value: unknown): void {
    const flaw = value === null ? undefined : flawOf(this.key, value)
    if (flaw !== undefined) return this.#violations.report(`${what}: ${flaw}`)
    this.#judge(what, { begun, floor }, value === null ? undefined : (value as Value).n)
  }

  /** Judges what `exists` said. */
  exists(what: string, { begun, floor }: Reading, there: boolean): void {
    const { least, possible } = this.#possible(begun, floor)
    if (possible.some(({ kind }) => (kind === 'value') === there) || (!there && least === 0)) return
    this.#violations.suspect(`${what} said ${there} of ${this.key} after write ${least}; possible: ${shown(possible)}`)
  }

  #possible(begun: number, floorThen: number) {
    const least = Math.min(floorThen, this.#floor)
    const possible = this.#writes.filter(({ n, outcome, overAt = Infinity }) => outcome !== 'refused' && (n >= least || (outcome === 'doubtful' && overAt > begun)))
    return { least, possible }
  }

  #judge(what: string, { begun, floor }: Reading, n: number | undefined): void {
    const { least, possible } = this.#possible(begun, floor)
    if (possible.some((write) => (n === undefined ? write.kind === 'gone' : write.kind === 'value' && write.n === n)) || (n === undefined && least === 0)) return
    const seen = this.#writes.find((write) => write.n === n)
    if (seen?.outcome === 'refused') return this.#violations.report(`${what} found write ${n} of ${this.key}, which was said not to have been executed`)
    // What was acknowledged is not there: the client's doing, unless the servers have lost it.
    const found = n === undefined ? 'nothing' : `write ${n} (${seen?.outcome ?? 'old'})`
    this.#violations.suspect(`${what} found ${found} in ${this.key} after write ${least} was acknowledged; possible: ${shown(possible)}`)
  }
}

const shown = (writes: readonly Write[]) =>
  writes
    .slice(-12)
    .map(({ n, kind, outcome = 'under way' }) => `${n} ${kind} ${outcome}`)
    .join(', ')
