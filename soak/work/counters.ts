import type { Redis } from '../../index.js'
import { pick, type Random } from '../random'
import type { Account } from '../risk'
import { type Context, insist, type Workload } from '../workload'

const COUNTERS = 8
const INCREMENT = `return redis.call('INCR', KEYS[1])`

/** A counter of many writers: how much is certain, and how much at most. */
class Counter implements Account {
  readonly key: string
  certain = 0
  undecided = 0
  doubtful = 0
  running = 0

  constructor(key: string) {
    this.key = key
  }

  get most(): number {
    return this.certain + this.undecided + this.doubtful + this.running
  }

  decided(lost: boolean): void {
    if (lost) this.doubtful += this.undecided
    else this.certain += this.undecided
    this.undecided = 0
  }

  emptied(): void {
    this.doubtful += this.certain + this.undecided
    this.certain = this.undecided = 0
  }
}

/** Increments of shared counters, by command and by script. */
export class Counters implements Workload {
  readonly weight = 2
  readonly #counters: Counter[]

  constructor(readonly context: Context) {
    this.#counters = Array.from({ length: COUNTERS }, (_, i) => context.risk.watch(new Counter(`counter:${context.run}:${i}`)))
  }

  worker(): (random: Random) => Promise<unknown> {
    return (random) => {
      const { redis } = pick(random, this.context.clients)
      const counter = pick(random, this.#counters)
      if (random() < 0.1) return this.#read(redis, counter)
      if (random() < 0.5) return this.#increment('Redis.command', counter, () => redis.command<number>('INCR', counter.key))
      return this.#increment('Redis.eval', counter, () => redis.eval<number>(INCREMENT, [counter.key]))
    }
  }

  async #increment(what: string, counter: Counter, operation: () => Promise<number>): Promise<void> {
    const least = counter.certain
    counter.running++
    const { outcome, reply, begun } = await this.context.judge.run(what, operation)
    counter.running--
    const risk = this.context.risk.touches(begun)
    if (outcome === 'doubtful' || (outcome === 'acknowledged' && risk === 'lost')) counter.doubtful++
    else if (outcome === 'acknowledged' && risk === 'undecided') counter.undecided++
    else if (outcome === 'acknowledged') counter.certain++
    if (outcome === 'acknowledged') this.#judge(what, counter, Math.min(least, counter.certain) + (risk === 'not' ? 1 : 0), reply!)
  }

  async #read(redis: Redis, counter: Counter): Promise<void> {
    const least = counter.certain
    const { outcome, reply } = await this.context.judge.run('Redis.command', () => redis.command('GET', counter.key))
    if (outcome === 'acknowledged') this.#judge('GET', counter, Math.min(least, counter.certain), Number(reply ?? 0))
  }

  #judge(what: string, counter: Counter, least: number, found: number): void {
    const { violations } = this.context
    const { key, most, certain, doubtful } = counter
    const account = `${key} is ${found}; ${certain} increments were acknowledged, ${doubtful} are doubtful`
    if (found > most) violations.report(`${what}: something was executed twice: ${account}, ${most} is the most`)
    if (found < least) violations.suspect(`${what}: an acknowledged increment is lost: ${account}, ${least} is the least`)
  }

  async sweep(): Promise<void> {
    const { redis } = this.context.clients[0]!
    for (const counter of this.#counters) {
      const told = await insist(this.context.judge, 'Redis.command', async () => ({ least: counter.certain, found: await redis.command('GET', counter.key) }))
      const { least, found } = told.reply!
      this.#judge('GET', counter, Math.min(least, counter.certain), Number(found ?? 0))
    }
  }
}
