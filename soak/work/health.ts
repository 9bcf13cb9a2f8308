import { pick, type Random } from '../random'
import type { Context, Workload } from '../workload'

const TIMEOUT_MS = 300

/** Readiness probes, which answer in their own time whatever happens, and never reject. */
export class HealthProbes implements Workload {
  readonly weight = 0.5

  constructor(readonly context: Context) {}

  worker(): (random: Random) => Promise<unknown> {
    return async (random) => {
      const { redis } = pick(random, this.context.clients)
      const { judge, violations } = this.context
      const { outcome, reply } = await judge.run('Redis.health', () => redis.health({ timeoutMs: TIMEOUT_MS }), { deadlineMs: TIMEOUT_MS })
      if (outcome !== 'acknowledged') violations.report('health() rejected')
      else if (reply!.ok === (reply!.error !== undefined)) violations.report(`health() is ${reply!.ok} with the error ${reply!.error}`)
    }
  }
}
