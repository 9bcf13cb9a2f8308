import type { Counts, Judge } from './judge'
import type { Turn } from './schedule'

/** What came of one turn. */
export interface Survived {
  turn: Turn
  detail?: string
  tookMs: number
  recoveredMs: number
}

const clock = (ms: number) => `${String(Math.floor(ms / 60_000)).padStart(2, '0')}:${((ms % 60_000) / 1000).toFixed(1).padStart(4, '0')}`
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`

/** Prints what happens, and in the end what was survived. */
export class Report {
  readonly survived: Survived[] = []
  readonly #begun = performance.now()
  readonly #judge: Judge
  #before: Counts
  #errorsBefore = new Map<string, number>()

  constructor(judge: Judge) {
    this.#judge = judge
    this.#before = judge.total
  }

  /** Counts what follows to the next fault. */
  faultBegins(): void {
    this.#before = this.#judge.total
    this.#errorsBefore = new Map(this.#judge.errors)
  }

  faultEnds(survived: Survived): void {
    this.survived.push(survived)
    const { turn, detail, tookMs, recoveredMs } = survived
    const total = this.#judge.total
    const operations = sum(total) - sum(this.#before)
    const errors = [...this.#judge.errors]
      .map(([kind, count]) => [kind, count - (this.#errorsBefore.get(kind) ?? 0)] as const)
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => `${count} ${kind}`)
    const what = detail === undefined ? turn.fault.name : `${turn.fault.name} (${detail})`
    const told = `${operations} operations, ${errors.join(', ') || 'no errors'}`
    this.say(`${clock(performance.now() - this.#begun)}  #${turn.number} ${what}, ${seconds(tookMs)}: ${told}; all clients write ${seconds(recoveredMs)} after`)
  }

  say(line: string): void {
    console.log(line === '' ? '' : `  ${line}`)
  }

  /** The tables at the end. */
  end(lines: readonly string[]): void {
    console.log()
    for (const line of [...this.#operations(), '', ...this.#faults(), '', ...lines]) this.say(line)
  }

  #operations(): string[] {
    const rows = [...this.#judge.counts].sort().map(([what, { acknowledged, doubtful, refused }]) => [what, acknowledged, doubtful, refused])
    return table([['operations', 'acknowledged', 'doubtful', 'refused'], ...rows])
  }

  #faults(): string[] {
    const byName = new Map<string, Survived[]>()
    for (const survived of this.survived) byName.set(survived.turn.fault.name, [...(byName.get(survived.turn.fault.name) ?? []), survived])
    const longest = (all: readonly Survived[]) => Math.max(...all.map(({ recoveredMs }) => recoveredMs))
    const rows = [...byName].sort().map(([name, all]) => [name, all.length, seconds(longest(all))])
    return table([['faults survived', 'times', 'all wrote after, at most'], ...rows])
  }
}

const sum = ({ acknowledged, doubtful, refused }: Counts) => acknowledged + doubtful + refused

function table(rows: readonly (string | number)[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)))
  return rows.map((row) => row.map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i]!) : String(cell).padStart(widths[i]!))).join('  ').trimEnd())
}
