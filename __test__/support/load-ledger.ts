import assert from 'node:assert/strict'
import { RedwrightError } from '../../index.js'
import type { Noise } from './noise'
import { now } from './noise'

/**
 * What the caller was told: it happened; it may have happened; it did not. The last one is a promise too.
 */
export type Outcome = 'acknowledged' | 'doubtful' | 'refused'

/** One operation that has ended. */
export interface Entry {
  what: string
  /** The keys, as the server has them. */
  keys: readonly string[]
  /** Of an increment or a write; a read changes nothing. */
  changes: boolean
  begun: number
  ended: number
  outcome: Outcome
  reply?: unknown
  error?: RedwrightError
}

/** A span in which what is acknowledged may be lost by the servers themselves, since they copy without being waited for. */
export interface Span {
  from: number
  to: number
}

/** Who began before the end of a span and was answered after its beginning. */
export const overlaps = ({ begun, ended }: Entry, { from, to }: Span) => begun <= to && ended >= from

/** The longest that an answer may be late: generous, because a busy machine is late with everything. The tight figure is the soak's. */
const LATE_MS = 1000

/** What became of the operations of a load. */
export class Ledger {
  readonly entries: Entry[] = []
  /** Answers that are no error of this package, or contradict what was acknowledged before. */
  readonly wrong: string[] = []
  readonly #noise: Noise
  readonly #deadlineMs: number

  constructor(noise: Noise, deadlineMs: number) {
    this.#noise = noise
    this.#deadlineMs = deadlineMs
  }

  /** Runs an operation and writes down what became of it. */
  async record(what: string, keys: readonly string[], changes: boolean, operation: () => Promise<unknown>): Promise<Entry> {
    const begun = now()
    const told = await operation().then(
      (reply) => ({ outcome: 'acknowledged' as const, reply }),
      (error: unknown) => this.#failure(what, error),
    )
    const entry = { what, keys, changes, begun, ended: now(), ...told }
    this.entries.push(entry)
    return entry
  }

  #failure(what: string, error: unknown): { outcome: Outcome; error?: RedwrightError } {
    if (!(error instanceof RedwrightError)) {
      this.wrong.push(`${what} rejected with ${error}`)
      return { outcome: 'doubtful' }
    }
    return { outcome: error.maybeExecuted ? 'doubtful' : 'refused', error }
  }

  get failures(): Entry[] {
    return this.entries.filter(({ outcome }) => outcome !== 'acknowledged')
  }

  get acknowledged(): Entry[] {
    return this.entries.filter(({ outcome }) => outcome === 'acknowledged')
  }

  /** How often each kind of failure was told, such as `{ 'ERR_TIMEOUT, maybe executed': 3 }`. */
  summary(entries: readonly Entry[] = this.failures): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const { error } of entries) {
      const code = error === undefined ? 'no error' : [error.code, error.serverCode, error.maybeExecuted && 'maybe executed'].filter(Boolean).join(', ')
      counts[code] = (counts[code] ?? 0) + 1
    }
    return counts
  }

  /** Fails for a failure that is none of the `codes`. */
  assertOnly(codes: readonly string[], entries: readonly Entry[] = this.failures): void {
    const others = entries.filter(({ error }) => !codes.includes(error!.code) && !codes.includes(`${error!.code} ${error!.serverCode}`))
    assert.deepEqual(this.summary(others), {}, others[0]?.error?.stack)
  }

  /** Every answer came by its deadline, or a little later: as late as the machine itself was, and no more. */
  assertInTime(): void {
    const late = this.entries
      .map(({ what, begun, ended }) => ({ what, excess: ended - begun - this.#deadlineMs - this.#noise.within(begun, ended) }))
      .filter(({ excess }) => excess > LATE_MS)
    assert.equal(late.length, 0, `${late.length} of ${this.entries.length} too late, such as ${JSON.stringify(late[0])}`)
  }
}
