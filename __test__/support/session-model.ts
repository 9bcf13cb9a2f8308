import type { ScriptName } from './session-driver'

// What sessions do, as a small machine: the names of sessions, and what each answers.

export const TOMBSTONE_MS = 60_000
export const MOST = 3

interface Live { state: 'live'; v: string; d: string; c: string; index: string; t0: number; l: number; n: number; s: number; ends: number }
interface Gone { state: 'gone'; to: string; by: string; ends: number }
interface Moved { state: 'moved'; to: string; until: number; ends: number }
type Entry = Live | Gone | Moved

/** What a call is to answer; `undefined` for what this machine does not know. */
export type Expected = any[] | undefined

export class SessionModel {
  now = 1_700_000_000_000
  readonly entries = new Map<string, Entry>()
  readonly #absolute: number

  constructor(absolute: number) {
    this.#absolute = absolute
  }

  /** What is under a name now. */
  at(name: string): Entry | undefined {
    const entry = this.entries.get(name)
    if (entry === undefined) return undefined
    const isOver = entry.ends <= this.now || (entry.state === 'live' && this.#absolute > 0 && entry.t0 + this.#absolute <= this.now)
    if (isOver) this.entries.delete(name)
    else if (entry.state === 'moved' && entry.until <= this.now) return { state: 'gone', to: entry.to, by: '', ends: entry.ends }
    return isOver ? undefined : entry
  }

  #end(t0: number, idle: number): number {
    return this.#absolute > 0 ? Math.min(this.now + idle, t0 + this.#absolute) : this.now + idle
  }

  /** Until when its index must know it before it may live longer; 0 where it need not. */
  #see(it: Live, idle: number): number {
    it.l = this.now
    it.n = idle
    const wanted = this.#end(it.t0, idle)
    if (it.index === '' || wanted <= it.s) {
      it.ends = wanted
      return 0
    }
    it.ends = Math.min(wanted, Math.max(it.s, it.ends))
    return this.#end(it.t0, idle + Math.floor(idle / 2))
  }

  #absent(entry: Entry | undefined): any[] {
    if (entry === undefined) return [0]
    return entry.state === 'moved' ? [2, entry.to] : [-1]
  }

  #told(code: number, it: Live, due: number): any[] {
    return [code, 1, it.v, it.d, it.c, it.index === '' ? '' : `of ${it.index}`, it.index, it.index === '' ? '' : 'm', it.t0, it.l, it.n, it.ends, due]
  }

  expect(script: ScriptName, names: readonly string[], args: readonly string[]): Expected {
    const [name, next] = names as [string, string]
    const it = this.at(name)
    switch (script) {
      case 'READ':
        if (it?.state !== 'live') return this.#absent(it)
        return this.#told(1, it, args[1] === '1' ? this.#see(it, it.n) : 0)
      case 'TOUCH': {
        if (it?.state !== 'live') return this.#absent(it)
        const isKnown = args[4] === '' || args[4] === it.v
        if (isKnown && args[2] === '1') it.c = args[3]!
        const due = this.#see(it, isKnown && args[1] !== '' ? Number(args[1]) : it.n)
        return [1, 1, it.index, it.ends, due]
      }
      case 'WRITE': {
        const [, version, made, idle, d, c] = args as [string, string, string, string, string, string]
        if (it?.state === 'live') {
          if (version !== '' && it.v !== version && it.v !== made) return this.#told(3, it, 0)
          Object.assign(it, { v: made, d, c })
          const due = this.#see(it, Number(idle))
          return [1, 1, it.index, it.ends, due]
        }
        if (it !== undefined || version !== '') return this.#absent(it)
        const born: Live = { state: 'live', v: made, d, c, index: '', t0: this.now, l: this.now, n: Number(idle), s: 0, ends: this.#end(this.now, Number(idle)) }
        this.entries.set(name, born)
        return [1, 1, '', born.ends, 0]
      }
      case 'DESTROY': {
        const by = args[2]!
        if (it?.state === 'gone') return it.by === by ? [1, 1, '', ''] : [0, 1, '', it.to]
        const told = it?.state === 'live' ? [1, 1, it.index, ''] : [0, 1, '', it?.to ?? '']
        if (it !== undefined || args[3] === '1') this.entries.set(name, { state: 'gone', to: '', by, ends: this.now + TOMBSTONE_MS })
        return told
      }
      case 'ROTATE': {
        const [, version, index, to, grace] = args as [string, string, string, string, string]
        if (it !== undefined && it.state !== 'live' && it.to === to) return undefined
        if (it?.state !== 'live') return this.#absent(it)
        if (it.v !== version || it.index !== index) return [3]
        const moved: Live = { ...it, l: this.now, s: this.#end(it.t0, it.n + Math.floor(it.n / 2)), ends: this.#end(it.t0, it.n) }
        this.entries.set(next, moved)
        const ends = this.now + Number(grace) + TOMBSTONE_MS
        this.entries.set(name, { state: 'moved', to, until: this.now + Number(grace), ends })
        return [1, this.now, moved.ends]
      }
      default:
        return undefined
    }
  }

  /** A session has become somebody's. */
  bound(name: string, index: string): void {
    const it = this.at(name) as Live
    Object.assign(it, { index, t0: this.now, s: this.#end(this.now, it.n + Math.floor(it.n / 2)) })
    this.#see(it, it.n)
  }

  /** One was made for somebody. */
  created(name: string, v: string, d: string, index: string, idle: number): void {
    const [ends, s] = [this.#end(this.now, idle), this.#end(this.now, idle + Math.floor(idle / 2))]
    this.entries.set(name, { state: 'live', v, d, c: '', index, t0: this.now, l: this.now, n: idle, s, ends })
  }

  /** The index of its user knows it longer. */
  marked(name: string, index: string, until: number): void {
    const it = this.at(name)
    if (it?.state !== 'live' || it.index !== index) return
    it.s = Math.max(it.s, until)
    it.ends = Math.min(this.#end(it.t0, it.n), it.l + it.n, it.s)
  }

  /** It was ended with others of its user. */
  buried(name: string, by: string): void {
    this.entries.set(name, { state: 'gone', to: '', by, ends: this.now + TOMBSTONE_MS })
  }
}
