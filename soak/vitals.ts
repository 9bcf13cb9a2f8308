import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { GROWTH_MB, IDLE_SHARE, LOOP_MS } from './settings'
import type { Violations } from './violations'

const MB = 2 ** 20

/** Memory and event loop of this process. */
export class Vitals {
  readonly #loop = monitorEventLoopDelay({ resolution: 10 })
  #early: number | undefined

  constructor() {
    this.#loop.enable()
  }

  get memoryMb(): number {
    return Math.round(process.memoryUsage().rss / MB)
  }

  /** After the first faults: whatever is made once has been made. */
  begin(): void {
    this.#early ??= this.memoryMb
  }

  /** Judges them at the end; a line about them. */
  end(violations: Violations): string {
    this.#loop.disable()
    const [half, most] = [this.#loop.percentile(50) / 1e6, this.#loop.max / 1e6]
    if (half > LOOP_MS) violations.report(`half of the turns of the event loop took more than ${Math.round(half)} ms`)
    const [early, late] = [this.#early ?? this.memoryMb, this.memoryMb]
    if (late - early > GROWTH_MB) violations.report(`the process grew from ${early} to ${late} MB`)
    return `memory ${early} MB after the first fault, ${late} MB at the end; event loop p50 ${half.toFixed(0)} ms, longest ${most.toFixed(0)} ms`
  }
}

/** The share of a core that this process takes while it has nothing to do: the least of a few seconds, since others disturb. */
export async function idleShare(): Promise<number> {
  let least = Infinity
  for (let i = 0; i < 5 && least > IDLE_SHARE; i++) {
    const [begun, before] = [performance.now(), process.cpuUsage()]
    await pause(1000)
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / 1000 / (performance.now() - begun))
  }
  return least
}
