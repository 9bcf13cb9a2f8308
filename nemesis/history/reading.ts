import type { Moment } from '../clock'
import type { Attempt } from './attempt'
import type { Line } from './line'

/** What a process has written down so far, read as attempts. */
export class Reading {
  readonly process: string
  readonly attempts = new Map<string, Attempt>()
  isUp = false
  /** When it last wrote anything. */
  last: Moment = 0
  readonly #byTag = new Map<string, Attempt>()

  constructor(process: string) {
    this.process = process
  }

  tagged(tag: string): Attempt | undefined {
    return this.#byTag.get(tag)
  }

  take(line: Line): void {
    this.last = line.t
    if (line.e === 'up') this.isUp = true
    if (line.e === 'up' || line.e === 'down') return
    if (line.e === 'ask') return this.#begin(line)
    const attempt = this.attempts.get(line.id)
    if (attempt === undefined) throw new Error(`${this.process} tells of ${line.id}, which it never asked for`)
    this.#goOn(attempt, line)
  }

  #begin({ id, job, tag, t }: Line & { e: 'ask' }): void {
    const attempt: Attempt = { id, process: this.process, job, tag, asked: t, outcome: 'pending', writes: [], blocks: [] }
    this.attempts.set(id, attempt)
    if (tag !== undefined) this.#byTag.set(tag, attempt)
  }

  #goOn(attempt: Attempt, line: Exclude<Line, { e: 'up' | 'down' | 'ask' }>): void {
    switch (line.e) {
      case 'held':
        Object.assign(attempt, { settled: line.t, outcome: 'held', token: line.token })
        if (line.valid) attempt.believed = { from: line.t, to: line.t }
        break
      case 'busy':
        Object.assign(attempt, { settled: line.t, outcome: 'busy' })
        break
      case 'failed':
        Object.assign(attempt, { settled: line.t, outcome: 'failed', error: line.error })
        break
      case 'valid':
        if (attempt.believed !== undefined) attempt.believed.to = line.t
        break
      case 'over':
        attempt.over = { at: line.t, aborted: line.aborted, why: line.why }
        break
      case 'block':
        attempt.blocks.push({ from: line.t, ms: line.ms })
        break
      case 'unblocked':
        Object.assign(attempt.blocks.at(-1)!, { to: line.t, valid: line.valid, aborted: line.aborted })
        if (line.valid && attempt.believed !== undefined) attempt.believed.to = line.t
        break
      case 'write':
        attempt.writes.push({ n: line.n, sent: line.t })
        break
      case 'wrote':
        Object.assign(attempt.writes.find(({ n }) => n === line.n)!, { answered: line.t, accepted: line.accepted })
        break
      case 'release':
        attempt.release = { asked: line.t }
        break
      case 'released':
        Object.assign(attempt.release!, { settled: line.t, outcome: line.outcome })
        break
    }
  }
}
