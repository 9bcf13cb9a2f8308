import { setTimeout as pause } from 'node:timers/promises'
import { randomFor } from './random'
import { WORKERS } from './settings'
import type { Violations } from './violations'
import type { Workload } from './workload'

/** The longest that a worker rests between two operations. */
const REST_MS = 30

/** Workers of all kinds, each of which begins its next operation when the last one has been answered. */
export class Crew {
  readonly #workers: Promise<void>[]
  #stopped = false

  constructor(workloads: readonly Workload[], seed: number, violations: Violations) {
    const total = workloads.reduce((sum, { weight }) => sum + weight, 0)
    const steps = workloads.flatMap((workload) => {
      const count = Math.max(1, Math.round((WORKERS * workload.weight) / total))
      return Array.from({ length: count }, (_, i) => workload.worker(i))
    })
    this.#workers = steps.map(async (step, i) => {
      const random = randomFor(seed, `worker ${i}`)
      while (!this.#stopped) {
        await step(random).catch((error: Error) => violations.report(`a worker failed: ${error.stack}`))
        await pause(1 + random() * REST_MS)
      }
    })
  }

  /** Begins nothing any more, and waits for the answers. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#workers)
  }
}
