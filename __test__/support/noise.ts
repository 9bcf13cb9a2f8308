import { Worker } from 'node:worker_threads'

const STEP_MS = 5
/** A tick that comes this much too late is the machine's doing, and no rounding. */
const WORTH_NOTING_MS = 10

/** The same clock in every thread. */
export const now = () => performance.timeOrigin + performance.now()

type Spike = { from: number; to: number }

/**
 * Measures how long threads of this process wait for a core: a timer here, and one in a thread of its own, both with nothing to do but to
 * be in time. What they miss no answer can be blamed for.
 */
export class Noise {
  readonly #spikes: Spike[] = []
  #timer: NodeJS.Timeout | undefined
  #worker: Worker | undefined

  start(): void {
    let due = now() + STEP_MS
    this.#timer = setInterval(() => {
      const to = now()
      if (to - due > WORTH_NOTING_MS) this.#spikes.push({ from: due, to })
      due = to + STEP_MS
    }, STEP_MS).unref()
    const script = `
      const { parentPort } = require('node:worker_threads')
      const now = () => performance.timeOrigin + performance.now()
      let due = now() + ${STEP_MS}
      setInterval(() => {
        const to = now()
        if (to - due > ${WORTH_NOTING_MS}) parentPort.postMessage({ from: due, to })
        due = to + ${STEP_MS}
      }, ${STEP_MS})
    `
    this.#worker = new Worker(script, { eval: true })
    this.#worker.on('message', (spike: Spike) => this.#spikes.push(spike))
    this.#worker.unref()
  }

  /** How many milliseconds of a span were the machine's. */
  within(from: number, to: number): number {
    return this.#spikes.reduce((sum, spike) => sum + Math.max(0, Math.min(to, spike.to) - Math.max(from, spike.from)), 0)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#worker?.terminate()
  }
}
