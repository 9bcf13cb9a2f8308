import type { Redis } from '../../index.js'
import { entry, tagKeys, type ScriptName } from './tag-scripts'

// What the product does, command by command, as generators: each `yield` is one command, and gets its reply.

type Word = string | number | Buffer
export type Step = () => Promise<unknown>
export type Steps = Generator<Step, void, any>

/** A value on its way, or stored. */
export interface Written {
  id: number
  tags: readonly string[]
  /** The step at which what it says was true: a load's look at its source, the end of a `set`. */
  at: number
}

export interface Invalidation {
  tags: readonly string[]
  all: boolean
  expire: boolean
  /** The steps of its beginning and of its end. */
  begun: number
  ended?: number
}

export interface Settings {
  redis: Redis
  prefix: string
  scripts: Readonly<Record<ScriptName, string>>
  /** Keys and tags may live on different servers. */
  apart: boolean
  /** A number below this one. */
  below: (limit: number) => number
  now: () => number
}

/** How many keys one step concerns: few, so that there are many steps. */
const BATCH = 2
const EPOCH_LIFE = 86_400_000
const LAST_LIFE = 3_600_000
const WRITE = 10_000
const SLACK = 60_000

export class Protocol {
  readonly #settings: Settings
  /** Drains take a key off before its entry is gone. */
  earlyRemoval = false

  constructor(settings: Settings) {
    this.#settings = settings
  }

  #run(name: ScriptName, keys: readonly string[], ...args: readonly Word[]): Step {
    const { redis, scripts } = this.#settings
    return () => redis.eval(scripts[name], keys, args)
  }

  get #epoch(): string {
    return `${this.#settings.prefix}:%epoch`
  }

  #shuffled<T>(list: readonly T[]): T[] {
    const { below } = this.#settings
    return list.map((one) => ({ one, at: below(1e9) })).sort((a, b) => a.at - b.at).map(({ one }) => one)
  }

  #token(): Buffer {
    const token = Buffer.alloc(8)
    token.writeUInt32BE(this.#settings.below(2 ** 32), 4)
    token[3] = 1
    return token
  }

  /** A load: the lease and the snapshot in either order, the source, the store. */
  *load(key: string, written: Written, how: 'miss' | 'refresh' | 'force', lifeMs: number | null, leaseMs: number, fails: boolean): Steps {
    const { redis, below, now } = this.#settings
    const token = this.#token()
    let granted = false
    let snapshot: string | null = null
    const asks = [
      function* (this: Protocol): Steps {
        const reply = yield this.#run('LEASE', [key], token, leaseMs, how)
        granted = reply === 0 || reply[0][0] === 0
      },
      function* (this: Protocol): Steps {
        snapshot = yield () => redis.command('GET', this.#epoch)
        snapshot ??= yield this.#run('EPOCH', [this.#epoch], EPOCH_LIFE)
      },
    ]
    for (const ask of this.#shuffled(asks)) yield* ask.call(this)
    if (!granted) return
    yield async () => (written.at = now())
    if (fails) return void (yield this.#run('ABANDON', [key], token, below(2) * 1000))
    yield* this.#store(key, written, lifeMs, { token, snapshot: snapshot!, within: leaseMs })
  }

  *set(key: string, written: Written, lifeMs: number | null): Steps {
    yield* this.#store(key, written, lifeMs)
  }

  *#store(key: string, written: Written, lifeMs: number | null, terms?: { token: Buffer; snapshot: string; within: number }): Steps {
    const { apart, redis, now } = this.#settings
    const tags = written.tags.map((tag) => tagKeys(this.#settings.prefix, tag))
    const value = entry(JSON.stringify(written.id), tags.map(({ mark }) => mark))
    const life = lifeMs ?? ''
    const last = (step: Step) => {
      if (terms === undefined) written.at = now()
      return step()
    }
    if (!apart && terms === undefined && lifeMs !== null && tags.length === 1) {
      const step = this.#run('STORE', [tags[0]!.index, key], '', lifeMs, value)
      return void (yield () => last(step))
    }
    if (!apart) {
      const isBound = terms !== undefined
      const width = isBound ? 2 : 1
      const keys = [...tags.flatMap(({ index, last }) => (isBound ? [index, last] : [index])), key]
      const places = tags.map((_, i) => width * i + 1).join(',')
      const entries = isBound ? [terms.token, value] : [value]
      const step = this.#run('STORE', keys, width * tags.length, width, life, terms?.snapshot ?? '', isBound ? 1 : '', 1, 1, places, ...entries)
      return void (yield () => last(step))
    }
    const { token, snapshot, within } = terms ?? { token: this.#token(), snapshot: '', within: WRITE }
    if (terms === undefined) yield () => redis.command('SET', key, entry('', [], 0, token), 'PX', WRITE)
    let registered = true
    for (const { index, last } of this.#shuffled(tags)) {
      const there = lifeMs === null ? '' : lifeMs + within + SLACK
      const reply = yield this.#run('REGISTER', [index, last], key, there, snapshot)
      registered &&= reply === 1
    }
    if (!registered) return void (yield this.#run('ABANDON', [key], token, 0))
    const step = this.#run('STORE', [key], 0, 1, life, '', 1, 1, 1, '', token, value)
    yield () => last(step)
  }

  *invalidate(invalidation: Invalidation): Steps {
    const { tags, all, expire } = invalidation
    const { now, prefix } = this.#settings
    invalidation.begun = now()
    const epoch: string = yield this.#run('EPOCH', [this.#epoch], EPOCH_LIFE)
    const known = tags.map((tag) => tagKeys(prefix, tag))
    if (all) {
      for (const tag of known.slice(1)) yield this.#doom(tag, epoch, 0)
      yield* this.#walk(known[0]!, epoch, expire, known.map(({ mark }) => mark))
    } else {
      for (const tag of known) {
        if (expire) yield* this.#walk(tag, epoch, true, [tag.mark])
        else yield* this.#sweep(tag, epoch)
      }
    }
    invalidation.ended = now()
  }

  #doom({ index, last, doomed }: ReturnType<typeof tagKeys>, epoch: string, aside: 0 | 1): Step {
    return this.#run('DOOM', [index, last, doomed], epoch, LAST_LIFE, aside)
  }

  *#sweep(tag: ReturnType<typeof tagKeys>, epoch: string): Steps {
    while ((yield this.#doom(tag, epoch, 1)) !== 1) yield* this.#drain(tag)
    yield* this.#drain(tag)
  }

  *#drain({ doomed, mark }: ReturnType<typeof tagKeys>): Steps {
    let which = ''
    let gone: string[] = []
    for (;;) {
      const reply: [number, string, ...string[]] = yield this.#run('DRAIN', [doomed], BATCH, which, ...gone)
      ;[, which, ...gone] = reply
      if (gone.length === 0) return
      if (this.earlyRemoval) yield this.#run('DRAIN', [doomed], BATCH, which, ...gone)
      yield* this.#break(gone, 'delete', [mark])
    }
  }

  *#walk(tag: ReturnType<typeof tagKeys>, epoch: string, expire: boolean, marks: readonly Buffer[]): Steps {
    yield this.#doom(tag, epoch, 0)
    for (let cursor = '0'; ; ) {
      const [next, members]: [string, string[]] = yield () => this.#settings.redis.command('ZSCAN', tag.index, cursor, 'COUNT', BATCH)
      yield* this.#break(members.filter((_, i) => i % 2 === 0), expire ? 'expire' : 'delete', marks)
      cursor = next
      if (cursor === '0') break
    }
    yield* this.#drain(tag)
  }

  /** In a cluster a script for each slot: here one for each key, in any order. */
  *#break(keys: readonly string[], fate: string, marks: readonly Buffer[]): Steps {
    for (const key of this.#shuffled(keys)) yield this.#run('BREAK', [key], fate, ...marks)
  }
}
