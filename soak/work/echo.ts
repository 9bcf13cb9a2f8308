import { between, pick, type Random } from '../random'
import type { Context, Workload } from '../workload'

const SCRIPT = `return {KEYS[1], ARGV[1], ARGV[2]}`

/** Questions of which each has its own answer, short and long ones in turn: so an answer that went to another is seen. */
export class Echo implements Workload {
  readonly weight = 1
  #asked = 0

  constructor(readonly context: Context) {}

  worker(): (random: Random) => Promise<unknown> {
    return async (random) => {
      const { redis } = pick(random, this.context.clients)
      const token = `${this.context.run} ${++this.#asked} `
      const long = token.repeat(random() < 0.05 ? between(random, 1000, 5000) : 1)
      const chance = random()
      if (chance < 0.1) return this.#compare('Redis.ping', 'PONG', () => redis.ping())
      if (chance < 0.5) return this.#compare('Redis.command', long, () => redis.command('ECHO', long))
      const key = `echo:${this.#asked}`
      return this.#compare('Redis.eval', [key, token, long], () => redis.eval(SCRIPT, [key], [token, long]))
    }
  }

  async #compare(what: string, expected: unknown, operation: () => Promise<unknown>): Promise<void> {
    const { outcome, reply } = await this.context.judge.run(what, operation)
    if (outcome !== 'acknowledged') return
    const [found, wanted] = [JSON.stringify(reply), JSON.stringify(expected)]
    if (found !== wanted) this.context.violations.report(`${what} was answered with what was not asked for: ${String(found).slice(0, 100)} for ${wanted.slice(0, 100)}`)
  }
}
