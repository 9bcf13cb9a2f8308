import { Noise, now as noiseNow } from '../../__test__/support/noise'
import { type Moment, now } from '../clock'

const LOOK_MS = 200

/** A look that took longer was interrupted, and says nothing of the clock. */
const QUICK_MS = 1

/** Less is rounding. */
const STEP_MS = 3

/** What the machine itself does to everybody: how long it has no core for whoever wants one, and how far its clock is set. */
export class Machine {
  readonly #noise = new Noise()
  /** The same clock counts from another beginning there. */
  readonly #shift = noiseNow() - now()
  readonly #timer: NodeJS.Timeout
  readonly #first = offset()
  #stepMs = 0

  constructor() {
    this.#noise.start()
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  #look(): void {
    const at = offset()
    if (at === undefined || this.#first === undefined) return
    const step = Math.abs(at - this.#first)
    if (step > STEP_MS) this.#stepMs = Math.max(this.#stepMs, step)
  }

  lateMs(from: Moment, to: Moment): number {
    return this.#noise.within(from + this.#shift, to + this.#shift)
  }

  /** How far the clock has been set by which servers count TTLs. */
  get clockStepMs(): number {
    return this.#stepMs
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#noise.stop()
  }
}

/** Between the clock of the day and the one that nobody sets. */
function offset(): number | undefined {
  for (let i = 0; i < 10; i++) {
    const before = now()
    const day = Date.now()
    if (now() - before < QUICK_MS) return day - before
  }
  return undefined
}
