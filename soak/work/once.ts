import { until } from '../../__test__/support/until'
import { pick, type Random } from '../random'
import type { Account } from '../risk'
import { type Context, insist, type Workload } from '../workload'

/** Hashes, so that what has been looked at can be taken away together. */
const BUCKETS = 12
const MARK = `return redis.call('HINCRBY', KEYS[1], ARGV[1], 1)`

type Fate = 'under way' | 'certain' | 'undecided' | 'doubtful' | 'refused'

/** Marks of one turn, each of which is made once and never again. */
class Page implements Account {
  readonly fates = new Map<string, Fate>()
  running = 0

  constructor(readonly name: string) {}

  bucketOf(mark: string): string {
    return `once:${this.name}:${Number(mark) % BUCKETS}`
  }

  get buckets(): string[] {
    return Array.from({ length: BUCKETS }, (_, i) => this.bucketOf(String(i)))
  }

  decided(lost: boolean): void {
    for (const [mark, fate] of this.fates) if (fate === 'undecided') this.fates.set(mark, lost ? 'doubtful' : 'certain')
  }

  emptied(): void {
    for (const [mark, fate] of this.fates) if (fate === 'certain' || fate === 'undecided') this.fates.set(mark, 'doubtful')
  }
}

/** Commands of which each has its own mark: one that is executed twice cannot hide behind one that was not. */
export class Once implements Workload {
  readonly weight = 2
  #page: Page
  #pages = 0
  #marks = 0

  constructor(readonly context: Context) {
    this.#page = this.#open()
  }

  #open(): Page {
    return (this.#page = this.context.risk.watch(new Page(`${this.context.run}:${++this.#pages}`)))
  }

  worker(): (random: Random) => Promise<unknown> {
    return async (random) => {
      const { redis } = pick(random, this.context.clients)
      const [page, mark] = [this.#page, String(++this.#marks)]
      const bucket = page.bucketOf(mark)
      page.fates.set(mark, 'under way')
      page.running++
      const isCommand = random() < 0.5
      const operation = () => (isCommand ? redis.command('HINCRBY', bucket, mark, 1) : redis.eval(MARK, [bucket], [mark]))
      const { outcome, reply, begun } = await this.context.judge.run(isCommand ? 'Redis.command' : 'Redis.eval', operation)
      page.running--
      const risk = this.context.risk.touches(begun)
      page.fates.set(mark, outcome === 'acknowledged' ? ({ not: 'certain', undecided: 'undecided', lost: 'doubtful' } as const)[risk] : outcome)
      if (outcome === 'acknowledged' && reply !== 1) this.context.violations.report(`mark ${mark} was made ${reply} times by one call that was acknowledged`)
    }
  }

  async sweep(): Promise<void> {
    const page = this.#page
    this.#open()
    await until('the marks have been answered', () => page.running === 0)
    const { redis } = this.context.clients[0]!
    for (const bucket of page.buckets) {
      const { reply } = await insist(this.context.judge, 'Redis.command', () => redis.command('HGETALL', bucket))
      const found = new Map(Object.entries((reply ?? {}) as Record<string, string>))
      for (const [mark, times] of found) this.#judgeFound(page, mark, Number(times))
      const missing = [...page.fates].filter(([mark, fate]) => fate === 'certain' && page.bucketOf(mark) === bucket && !found.has(mark))
      if (missing.length > 0) this.context.violations.suspect(`${missing.length} marks were acknowledged and are not there, such as ${missing[0]![0]}`)
      await insist(this.context.judge, 'Redis.command', () => redis.command('UNLINK', bucket))
    }
    this.context.risk.forget(page)
  }

  #judgeFound(page: Page, mark: string, times: number): void {
    const fate = page.fates.get(mark)
    if (times !== 1) this.context.violations.report(`mark ${mark} was made ${times} times (${fate})`)
    if (fate === 'refused' || fate === undefined) this.context.violations.report(`mark ${mark} is there, and was said not to have been executed (${fate})`)
  }
}
