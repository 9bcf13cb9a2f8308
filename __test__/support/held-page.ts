import type { Page } from './pages'
import { until } from './until'

/** A page whose visitors stay inside until they are let out, in the order in which they came. */
export class HeldPage {
  /** How many have ever come in. */
  visits = 0
  /** How many are inside. */
  inside = 0
  readonly #answer: (req: any, res: any, visit: number) => unknown
  readonly #doors: (() => void)[] = []
  #isOpen = false

  constructor(answer: (req: any, res: any, visit: number) => unknown = (_req, res, visit) => res.end(`visit ${visit}`)) {
    this.#answer = answer
  }

  readonly page: Page = async (req, res) => {
    const visit = ++this.visits
    this.inside++
    if (!this.#isOpen) await new Promise<void>((resolve) => this.#doors.push(resolve))
    this.inside--
    return this.#answer(req, res, visit)
  }

  /** Lets out who came first of those who are inside. */
  letOne(): void {
    this.#doors.shift()!()
  }

  /** Lets out all, and whoever comes. */
  open(): void {
    this.#isOpen = true
    for (const door of this.#doors.splice(0)) door()
  }

  async untilInside(count: number): Promise<void> {
    await until(`${count} are inside`, () => this.inside === count)
  }
}
