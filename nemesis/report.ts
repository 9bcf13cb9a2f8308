import { now } from './clock'
import type { Window } from './history/history'

const clock = (ms: number) => `${String(Math.floor(ms / 60_000)).padStart(2, '0')}:${((ms % 60_000) / 1000).toFixed(1).padStart(4, '0')}`
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`

/** Prints what happens. */
export class Report {
  readonly #begun = now()

  /** `windows`: of the fault, after what happened within it. */
  turn(number: number, windows: readonly Window[], progressedMs: number | undefined): void {
    const what = windows.map(({ name, detail, from, to }) => `${detail === undefined ? name : `${name} (${detail})`}, ${seconds(to - from)}`)
    const after = progressedMs === undefined ? 'not all acquired anew' : `all acquired anew ${seconds(progressedMs)} after`
    this.say(`${clock(now() - this.#begun)}  #${number} ${what.toReversed().join(', and meanwhile ')}; ${after}`)
  }

  say(line: string): void {
    console.log(line === '' ? '' : `  ${line}`)
  }
}
