import { RateLimiter } from '../../index.js'
import { pick, type Random } from '../random'
import type { Account } from '../risk'
import type { Context, Workload } from '../workload'

const KEYS = 6
const LIMIT = 60
/** Longer than any soak: what was allowed is never allowed again. */
const WINDOW = '7d'
const DEADLINE_MS = 100

/** A key of all clients: how many units were certainly counted in Redis, and how many perhaps. */
class Limited implements Account {
  readonly key: string
  certain = 0
  undecided = 0

  constructor(key: string) {
    this.key = key
  }

  decided(lost: boolean): void {
    if (!lost) this.certain += this.undecided
    this.undecided = 0
  }

  emptied(): void {
    this.certain = this.undecided = 0
  }
}

/** Decisions of all clients about the same keys: they always come, in their time, and never allow more than the limit where Redis counted. */
export class Limits implements Workload {
  readonly weight = 2
  readonly #limiters: readonly RateLimiter[]
  readonly #keys: Limited[]
  #made = 0

  constructor(readonly context: Context) {
    this.#limiters = context.clients.map(({ redis }) => new RateLimiter(redis, { prefix: `limits-${context.run}`, timeoutMs: DEADLINE_MS }))
    this.#keys = Array.from({ length: KEYS }, () => this.#make())
  }

  #make(): Limited {
    return this.context.risk.watch(new Limited(`k${++this.#made}`))
  }

  worker(): (random: Random) => Promise<unknown> {
    return async (random) => {
      const [limiter, place] = [pick(random, this.#limiters), Math.floor(random() * KEYS)]
      const limited = this.#keys[place]!
      const { judge, risk, violations } = this.context
      const decide = () => limiter.fixedWindow(limited.key, LIMIT, WINDOW)
      const { outcome, reply, begun } = await judge.run('RateLimiter.fixedWindow', decide, { deadlineMs: DEADLINE_MS })
      if (outcome !== 'acknowledged') return violations.report('RateLimiter.fixedWindow rejected')
      if (reply!.degraded) return
      if (reply!.allowed) {
        const fate = risk.touches(begun)
        if (fate === 'not') limited.certain++
        else if (fate === 'undecided') limited.undecided++
      } else if (this.#keys[place] === limited) {
        risk.forget(limited)
        this.#keys[place] = this.#make()
      }
      const { key, certain } = limited
      if (certain > LIMIT) violations.report(`RateLimiter.fixedWindow allowed ${certain} of ${LIMIT} for ${key}`)
    }
  }
}
