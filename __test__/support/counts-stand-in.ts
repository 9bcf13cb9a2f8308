import { createRequire } from 'node:module'
import path from 'node:path'
import { root } from './root'

const load = createRequire(import.meta.url)
const { COUNTS } = load(path.join(root, 'lib/limit/counts.js'))

export interface Counted {
  total: number
  resetMs: number
}

/** Counts in memory, by a clock that the test moves, and that fail where it says so. */
export class CountsStandIn {
  readonly asked: string[] = []
  /** What every call rejects with. */
  away: unknown
  #now = 0
  #kept = new Map<string, { total: number; endsAt: number }>()

  /** What a store is made over. */
  get source(): any {
    return { [COUNTS]: () => this }
  }

  advance(ms: number): void {
    this.#now += ms
  }

  async add(key: string, units: number, windowMs: number): Promise<Counted> {
    this.#ask(`add ${key} ${units}`)
    let kept = this.#open(key)
    if (kept === undefined) {
      if (units <= 0) return { total: 0, resetMs: windowMs }
      kept = { total: 0, endsAt: this.#now + windowMs }
      this.#kept.set(key, kept)
    }
    kept.total = Math.max(0, kept.total + units)
    return { total: kept.total, resetMs: kept.endsAt - this.#now }
  }

  async look(key: string): Promise<Counted | null> {
    this.#ask(`look ${key}`)
    const kept = this.#open(key)
    return kept === undefined ? null : { total: kept.total, resetMs: kept.endsAt - this.#now }
  }

  async forget(key: string): Promise<void> {
    this.#ask(`forget ${key}`)
    this.#kept.delete(key)
  }

  async forgetAll(): Promise<void> {
    this.#ask('forgetAll')
    this.#kept.clear()
  }

  #ask(what: string): void {
    this.asked.push(what)
    if (this.away !== undefined) throw this.away
  }

  #open(key: string) {
    const kept = this.#kept.get(key)
    return kept !== undefined && kept.endsAt > this.#now ? kept : undefined
  }
}
