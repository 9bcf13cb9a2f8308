import { RedwrightError } from '../index.js'
import { Noise, now } from '../__test__/support/noise'
import { DEADLINE_MS } from './settings'
import type { Violations } from './violations'

/** It happened; it may have happened; it did not, which is a promise too. */
export type Outcome = 'acknowledged' | 'doubtful' | 'refused'

export interface Told<T> {
  outcome: Outcome
  reply?: T
  begun: number
  ended: number
}

export interface Expectation {
  /** Default: the clients' `commandTimeout`. */
  deadlineMs?: number
  /** An error of the caller's own, which comes back as it is. */
  isOwn?: (error: unknown) => boolean
}

export type Counts = Record<Outcome, number>

/** What a client may say. Of a server's own errors those that pass. */
const CODES = new Set(['ERR_TIMEOUT', 'ERR_UNAVAILABLE', 'ERR_BUSY', 'ERR_AUTH', 'ERR_CIRCUIT_OPEN'])
const PASSING = /^(LOADING|READONLY|MASTERDOWN|TRYAGAIN|CLUSTERDOWN|ERR max number of clients)/

/** Given up on: it will never be answered. */
const NEVER_MS = 10_000

interface Running {
  what: string
  begun: number
  deadlineMs: number
  giveUp(): void
}

/** Runs operations, counts what became of them, and holds each answer against its deadline and the list of errors. */
export class Judge {
  /** By class and method. */
  readonly counts = new Map<string, Counts>()
  /** How often each kind of error came. */
  readonly errors = new Map<string, number>()
  /** The latest answer, relative to its deadline; and the same without what the machine was late. */
  latestMs = -Infinity
  latestWhat = ''
  latestExcessMs = -Infinity
  readonly #violations: Violations
  readonly #slackMs: number
  readonly #noise = new Noise()
  readonly #running = new Set<Running>()
  readonly #watch = setInterval(() => this.#giveUp(), 1000)
  #late: { what: string; begun: number; deadlineMs: number; ended: number }[] = []

  constructor(violations: Violations, slackMs: number) {
    this.#violations = violations
    this.#slackMs = slackMs
    this.#noise.start()
  }

  async run<T>(what: string, operation: () => Promise<T>, { deadlineMs = DEADLINE_MS, isOwn }: Expectation = {}): Promise<Told<T>> {
    let giveUp!: () => void
    const never = new Promise<{ outcome: Outcome; reply: undefined }>((resolve) => (giveUp = () => resolve({ outcome: 'doubtful', reply: undefined })))
    const running = { what, begun: now(), deadlineMs, giveUp }
    this.#running.add(running)
    const answer = operation().then(
      (reply) => ({ outcome: 'acknowledged' as const, reply }),
      (error: unknown) => ({ outcome: isOwn?.(error) ? ('acknowledged' as const) : this.#failure(what, error), reply: undefined }),
    )
    const { outcome, reply } = await Promise.race([answer, never])
    this.#running.delete(running)
    const told = { outcome, begun: running.begun, ended: now(), ...(reply !== undefined && { reply }) }
    this.#count(what, outcome)
    const lateMs = told.ended - told.begun - deadlineMs
    if (lateMs > this.latestMs) Object.assign(this, { latestMs: lateMs, latestWhat: what })
    if (lateMs > 0) this.#late.push({ what, begun: told.begun, deadlineMs, ended: told.ended })
    return told
  }

  #count(what: string, outcome: Outcome): void {
    const counts = this.counts.get(what) ?? { acknowledged: 0, doubtful: 0, refused: 0 }
    counts[outcome]++
    this.counts.set(what, counts)
  }

  #failure(what: string, error: unknown): Outcome {
    if (!(error instanceof RedwrightError)) {
      this.#violations.report(`${what} rejected with what is no RedwrightError: ${error instanceof Error ? error.stack : error}`)
      return 'doubtful'
    }
    const { code, serverCode, message, maybeExecuted } = error
    const kind = [code, serverCode].filter(Boolean).join(' ')
    this.errors.set(kind, (this.errors.get(kind) ?? 0) + 1)
    const isKnown = CODES.has(code) || (code === 'ERR_SERVER' && (PASSING.test(serverCode ?? '') || PASSING.test(message)))
    if (!isKnown) this.#violations.report(`${what} rejected with ${kind}: ${message}`)
    return maybeExecuted ? 'doubtful' : 'refused'
  }

  get pending(): number {
    return this.#running.size
  }

  get total(): Counts {
    const total: Counts = { acknowledged: 0, doubtful: 0, refused: 0 }
    for (const counts of this.counts.values()) for (const outcome of Object.keys(total) as Outcome[]) total[outcome] += counts[outcome]
    return total
  }

  /** Decides on the answers that came late, once it is known how late the machine was. */
  decide(): void {
    const known = now() - 1000
    const [ripe, rest] = [this.#late.filter(({ ended }) => ended < known), this.#late.filter(({ ended }) => ended >= known)]
    this.#late = rest
    for (const { what, begun, ended, deadlineMs } of ripe) {
      const noise = this.#noise.within(begun, ended)
      const excess = ended - begun - deadlineMs - noise
      this.latestExcessMs = Math.max(this.latestExcessMs, excess)
      // The thread that answers is a third one, which may have waited when the two that measure did not.
      if (excess > this.#slackMs + noise) this.#violations.report(`${what} was answered ${Math.round(excess)} ms after its deadline, and the machine was ${Math.round(noise)} ms late`)
    }
  }

  #giveUp(): void {
    for (const { what, begun, deadlineMs, giveUp } of this.#running) {
      const waited = now() - begun
      if (waited < deadlineMs + NEVER_MS + 2 * this.#noise.within(begun, now())) continue
      this.#violations.report(`${what} has not been answered for ${Math.round(waited)} ms`)
      giveUp()
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#watch)
    await this.#noise.stop()
  }
}
