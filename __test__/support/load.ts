import assert from 'node:assert/strict'
import { Redis, RedisRepository, TypeSafeCache } from '../../index.js'
import { fresh } from './cache-tools'
import { type Entry, Ledger, overlaps, type Span } from './load-ledger'
import { Noise, now } from './noise'
import { until } from './until'

export type { Entry, Span } from './load-ledger'

/** A batch every so often, whether or not what was asked before has been answered: a stalled server must not slow the askers. */
const TICK_MS = 5
const BATCH = 4
/** Counters, each in a slot of its own. */
const COUNTERS = 12
/** So many in a row that succeed, and whatever was wrong has passed. */
const SOUND = 150

/** How many are read together at the end: fewer than any client's bound. */
const AT_ONCE = 100

const INCREMENT = `return redis.call('INCR', KEYS[1])`

export interface LoadOptions {
  /** The client's `commandTimeout`. */
  deadlineMs: number
  /** Whether reads may miss what was acknowledged, as from replicas. Default: `false`. */
  readsLag?: boolean
}

interface Write {
  entry: Entry
  value: string
  read: () => Promise<unknown>
}

/** Operations of all kinds on one client: writes of values that are never written twice, reads of what was acknowledged, and counters. */
export class Load {
  readonly ledger: Ledger
  /** The most operations that ever waited. */
  mostPending = 0
  readonly #redis: Redis
  readonly #options: LoadOptions
  readonly #noise = new Noise()
  readonly #cache: TypeSafeCache
  readonly #users: RedisRepository<string>
  readonly #counters: string[]
  readonly #writes: Write[] = []
  readonly #misreads: { write: Write; read: Entry }[] = []
  readonly #running = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #turn = 0

  constructor(redis: Redis, options: LoadOptions) {
    this.#redis = redis
    this.#options = options
    this.ledger = new Ledger(this.#noise, options.deadlineMs)
    this.#cache = new TypeSafeCache(redis, { namespace: fresh('load') })
    this.#users = new RedisRepository(redis, fresh('users'))
    const name = fresh('counter')
    this.#counters = Array.from({ length: COUNTERS }, (_, i) => `${name}:${i}`)
    this.start()
  }

  /** Begins, again too. */
  start(): void {
    this.#noise.start()
    this.#timer = setInterval(() => {
      for (let i = 0; i < BATCH; i++) this.#next()
      this.mostPending = Math.max(this.mostPending, this.#redis.metrics().pending)
    }, TICK_MS)
  }

  /** The keys of the counters. */
  get counters(): readonly string[] {
    return this.#counters
  }

  #next(): void {
    const turn = this.#turn++
    const operations = [this.#set, this.#get, this.#increment, this.#store, this.#find, this.#script, this.#setMany, this.#getMany]
    const running = operations[turn % operations.length]!.call(this, turn)
    this.#running.add(running)
    void running.finally(() => this.#running.delete(running))
  }

  async #set(turn: number): Promise<void> {
    const [key, value] = [`k${turn}`, `value of k${turn}`]
    const entry = await this.ledger.record('cache.set', [this.#keyOf(key)], true, () => this.#cache.set(key, value))
    this.#writes.push({ entry, value, read: () => this.#cache.get(key) })
  }

  async #store(turn: number): Promise<void> {
    const [id, value] = [`u${turn}`, `value of u${turn}`]
    const entry = await this.ledger.record('users.set', [`repo:${this.#users.namespace}:${id}`], true, () => this.#users.set(id, value))
    this.#writes.push({ entry, value, read: () => this.#users.get(id) })
  }

  async #setMany(turn: number): Promise<void> {
    const entries = Array.from({ length: 5 }, (_, i) => [`m${turn}:${i}`, `value of m${turn}:${i}`] as const)
    const keys = entries.map(([key]) => this.#keyOf(key))
    const entry = await this.ledger.record('cache.setMany', keys, true, () => this.#cache.setMany(entries))
    for (const [key, value] of entries) this.#writes.push({ entry, value, read: () => this.#cache.get(key) })
  }

  #keyOf(key: string): string {
    return `cache:${this.#cache.namespace}:${key}`
  }

  /** Something that was acknowledged, old or new. */
  #acknowledged(): Write | undefined {
    const write = this.#writes[Math.floor(Math.random() * this.#writes.length)]
    return write?.entry.outcome === 'acknowledged' ? write : undefined
  }

  async #get(): Promise<void> {
    const write = this.#acknowledged()
    if (write === undefined) return
    const read = await this.ledger.record('get', write.entry.keys, false, write.read)
    if (read.outcome === 'acknowledged' && read.reply !== write.value) this.#misreads.push({ write, read })
  }

  async #find(turn: number): Promise<void> {
    await this.#get()
    await this.ledger.record('cache.exists', [this.#keyOf(`none${turn}`)], false, () => this.#cache.exists(`none${turn}`))
  }

  async #getMany(turn: number): Promise<void> {
    const keys = Array.from({ length: 20 }, (_, i) => `none${turn}:${i}`)
    const read = await this.ledger.record('cache.getMany', keys.map((key) => this.#keyOf(key)), false, () => this.#cache.getMany(keys))
    const nothing = read.outcome !== 'acknowledged' || (read.reply as unknown[]).every((value) => value === null)
    if (!nothing) this.ledger.wrong.push(`getMany found what nobody had written: ${JSON.stringify(read.reply)}`)
  }

  async #increment(turn: number): Promise<void> {
    const key = this.#counters[(turn >> 3) % COUNTERS]!
    await this.ledger.record('INCR', [key], true, () => this.#redis.command('INCR', key))
  }

  async #script(turn: number): Promise<void> {
    const key = this.#counters[(turn >> 3) % COUNTERS]!
    await this.ledger.record('eval', [key], true, () => this.#redis.eval(INCREMENT, [key]))
  }

  /** Waits until all kinds of operations have succeeded. */
  async flows(): Promise<void> {
    const from = this.ledger.entries.length
    await until('the load flows', () => {
      const ended = this.ledger.entries.slice(from)
      const last = ended.slice(-SOUND)
      return last.length === SOUND && last.every(({ outcome }) => outcome === 'acknowledged') && new Set(last.map(({ what }) => what)).size >= 8
    })
  }

  /** Waits until something has failed that began after this. */
  async fails(): Promise<void> {
    const from = now()
    await until('the load is troubled', () => this.ledger.entries.some(({ begun, outcome }) => begun > from && outcome !== 'acknowledged'))
  }

  /** Waits until something about a key that begins after this has succeeded. */
  async answers(key: string): Promise<void> {
    const from = now()
    const isIt = ({ begun, keys, outcome }: Entry) => begun > from && keys[0] === key && outcome === 'acknowledged'
    await until('it is answered', () => this.ledger.entries.some(isIt))
  }

  /** Begins nothing any more, and waits until all has been answered. */
  async stop(): Promise<Ledger> {
    clearInterval(this.#timer)
    await Promise.all(this.#running)
    // What the other thread has measured is on its way.
    await new Promise((resolve) => setTimeout(resolve, 50))
    await this.#noise.stop()
    return this.ledger
  }

  /**
   * After `stop`, with a server that is well: nothing acknowledged is lost, nothing refused has happened, no increment was done twice, and
   * no answer was late. What was acknowledged in the spans `atRisk` may be lost, and what was written before `emptied` is gone.
   */
  async assertSound({ atRisk = [], emptied }: { atRisk?: readonly Span[]; emptied?: Span } = {}): Promise<void> {
    assert.deepEqual(this.ledger.wrong, [])
    assert.equal(this.#redis.metrics().pending, 0)
    this.ledger.assertInTime()
    const mayBeLost = (entry: Entry) => atRisk.some((span) => overlaps(entry, span)) || (emptied !== undefined && entry.begun <= emptied.to)
    await this.#assertWrites(mayBeLost)
    if (!this.#options.readsLag) {
      const misreads = this.#misreads.filter(({ write }) => !mayBeLost(write.entry))
      assert.equal(misreads.length, 0, `${misreads.length} reads missed what was acknowledged, such as ${JSON.stringify(misreads[0]?.read)}`)
    }
    if (emptied === undefined) for (const key of this.#counters) await this.#assertCounter(key, mayBeLost)
  }

  async #assertWrites(mayBeLost: (entry: Entry) => boolean): Promise<void> {
    const found: (Write & { found: unknown })[] = []
    for (let i = 0; i < this.#writes.length; i += AT_ONCE) {
      const some = this.#writes.slice(i, i + AT_ONCE)
      found.push(...(await Promise.all(some.map(async (write) => ({ ...write, found: await write.read() })))))
    }
    const lost = found.filter(({ entry, found, value }) => entry.outcome === 'acknowledged' && found !== value && !mayBeLost(entry))
    assert.equal(lost.length, 0, `${lost.length} acknowledged and not there, such as ${lost[0]?.entry.what}`)
    const there = found.filter(({ entry, found }) => entry.outcome === 'refused' && found !== null)
    const [first] = there
    assert.equal(there.length, 0, `${there.length} said not to be executed, and there, such as ${first?.entry.what}: ${first?.entry.error?.message}`)
  }

  async #assertCounter(key: string, mayBeLost: (entry: Entry) => boolean): Promise<void> {
    const count = Number(await this.#redis.command('GET', key))
    const ended = this.ledger.entries.filter((entry) => entry.changes && entry.keys[0] === key)
    const acknowledged = ended.filter(({ outcome }) => outcome === 'acknowledged')
    const doubtful = ended.filter(({ outcome }) => outcome === 'doubtful').length
    const least = acknowledged.filter((entry) => !mayBeLost(entry)).length
    const most = acknowledged.length + doubtful
    assert.ok(least <= count && count <= most, `${key}: ${least} <= ${count} <= ${most}`)
    const replies = acknowledged.filter((entry) => !mayBeLost(entry)).map(({ reply }) => reply)
    if (least === acknowledged.length) assert.equal(new Set(replies).size, replies.length, `${key}: one answer to two increments`)
  }
}
