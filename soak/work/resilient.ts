import { setTimeout as pause } from 'node:timers/promises'
import { CircuitBreaker, ResilientCache, type Redis } from '../../index.js'
import { between, pick, type Random } from '../random'
import { flawOf, valueOf } from '../register'
import type { Context, Workload } from '../workload'

const KEYS = 10
/** What refuses at once must not be asked without end. */
const PAUSE_MS = 5

/** What answers without the server too: a `ResilientCache` over a client with a breaker, and a `CircuitBreaker` around calls. */
export class Resilient implements Workload {
  readonly weight = 0.5
  readonly #guarded: { redis: Redis; cache: ResilientCache; breaker: CircuitBreaker }[]
  #written = 0

  constructor(readonly context: Context) {
    this.#guarded = context.clients.map((client) => {
      const redis = client.redis.duplicate({ breaker: { openMs: 200 } })
      const cache = new ResilientCache(redis, { namespace: `resilient-${context.run}`, ttl: '7d' })
      return { redis, cache, breaker: new CircuitBreaker({ openMs: 200 }) }
    })
  }

  worker(): (random: Random) => Promise<unknown> {
    return async (random) => {
      const { redis, cache, breaker } = pick(random, this.#guarded)
      const key = `r${between(random, 0, KEYS - 1)}`
      const chance = random()
      if (chance < 0.4) await this.#always('ResilientCache.set', () => cache.set(key, valueOf(key, ++this.#written)), (stored) => typeof stored === 'boolean')
      else if (chance < 0.8) await this.#always('ResilientCache.get', () => cache.get(key), (value) => value === null || flawOf(key, value) === undefined)
      else await this.context.judge.run('CircuitBreaker.execute', () => breaker.execute(() => redis.command('PTTL', key)))
      if (redis.metrics().breaker.state !== 'closed' || breaker.state !== 'closed') await pause(PAUSE_MS)
    }
  }

  /** Never rejects, and gives nothing odd. */
  async #always(what: string, operation: () => Promise<unknown>, isFine: (reply: unknown) => boolean): Promise<void> {
    const { judge, violations } = this.context
    const { outcome, reply = null } = await judge.run(what, operation)
    if (outcome !== 'acknowledged') violations.report(`${what} rejected`)
    else if (!isFine(reply)) violations.report(`${what} gave ${JSON.stringify(reply)?.slice(0, 200)}`)
  }
}
