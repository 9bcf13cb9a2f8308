import type { Redis } from '../../index.js'
import { randoms } from './bridge-random'
import { type ScriptName, SCRIPTS, tagKeys } from './tag-scripts'
import { type Invalidation, Protocol, type Step, type Steps, type Written } from './tag-steps'

export interface WorldOptions {
  seed: number
  /** Keys and tags may live on different servers. */
  apart: boolean
  scripts?: Readonly<Record<ScriptName, string>>
  earlyRemoval?: boolean
  /** So many keys, and one tag, so that the clients meet more often. Else it depends on the seed. */
  keys?: number
}

const TAGS = ['a', 'b', '{c}']
const CLIENTS = 3
const STEPS = 150

type Found = [text: string, invalidated: number, missing: string]

let worlds = 0

/**
 * What is stored at one moment, and which of it no invalidation of a tag that it carries would find, now or until it has ended: for each key
 * `[id, flags, tags]`.
 */
const LOOK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function lasts(score, left)
  if left == -1 then return score == 'inf' end
  return score == 'inf' or tonumber(score) >= now + left
end
local function found(index, doomed, key)
  if redis.call('ZSCORE', doomed, key) then return true end
  local score = redis.call('ZSCORE', index, key)
  if not score then return false end
  local left = redis.call('PTTL', key)
  local kept = redis.call('PTTL', index)
  return lasts(score, left) and (kept == -1 or left >= 0 and kept >= left)
end
local reply = {}
local tags = #ARGV
for k = 1, #KEYS - 2 * tags do
  local key = KEYS[k]
  local stored = redis.call('GET', key)
  if stored and string.sub(stored, 1, 2) == '\\193\\2' and string.byte(stored, 3) ~= 0 then
    local count = string.byte(stored, 35) * 256 + string.byte(stored, 36)
    local missing = ''
    for i = 0, count - 1 do
      local mark = string.sub(stored, 37 + 4 * i, 40 + 4 * i)
      for t = 1, tags do
        local at = #KEYS - 2 * tags + 2 * t - 1
        if ARGV[t] == mark and not found(KEYS[at], KEYS[at + 1], key) then missing = missing .. t end
      end
    end
    reply[k] = { string.sub(stored, 37 + 4 * count), string.byte(stored, 4) % 2, missing }
  else
    reply[k] = {}
  end
end
return reply`

/** Two or three logical clients, whose commands are executed one at a time in an order that follows from a seed. */
export class World {
  readonly #redis: Redis
  readonly #below: (limit: number) => number
  readonly #protocol: Protocol
  readonly #options: WorldOptions
  readonly #prefix: string
  readonly #keys: string[]
  readonly #tags: string[]
  readonly #watched: string[]
  readonly #marks: Buffer[]
  readonly #written = new Map<number, Written>()
  readonly #invalidations: Invalidation[] = []
  #clock = 0

  constructor(redis: Redis, options: WorldOptions) {
    const random = randoms(options.seed)
    this.#redis = redis
    this.#options = options
    this.#below = (limit) => Math.floor(random() * limit)
    this.#prefix = `w${worlds++}`
    this.#keys = Array.from({ length: options.keys ?? 1 + this.#below(3) }, (_, i) => `${this.#prefix}:ns:${i}`)
    this.#tags = TAGS.slice(options.keys === undefined ? this.#below(TAGS.length) : -1)
    const tags = this.#tags.map((tag) => tagKeys(this.#prefix, tag))
    this.#watched = [...this.#keys, ...tags.flatMap(({ index, doomed }) => [index, doomed])]
    this.#marks = tags.map(({ mark }) => mark)
    const { apart, scripts = SCRIPTS, earlyRemoval = false } = options
    this.#protocol = new Protocol({ redis, prefix: this.#prefix, scripts, apart, below: this.#below, now: () => this.#clock })
    this.#protocol.earlyRemoval = earlyRemoval
  }

  /** What was violated first, or nothing. */
  async run(): Promise<string | undefined> {
    const { scripts = SCRIPTS } = this.#options
    // A script that the server does not know yet would come behind the next command.
    await Promise.all([LOOK, ...Object.values(scripts)].map((script) => this.#redis.command('SCRIPT', 'LOAD', script)))
    const clients: { steps: Steps; next: Step; what: string }[] = []
    for (let left = STEPS; left > 0; left--) {
      const which = this.#below(CLIENTS)
      let client = clients[which]
      if (client === undefined) {
        const [what, steps] = this.#begin()
        const first = steps.next()
        if (first.done) continue
        client = clients[which] = { what, steps, next: first.value }
      }
      this.#clock++
      // Both leave together, in this order.
      const [reply, found] = await Promise.all([client.next(), this.#look()])
      const { done, value } = client.steps.next(reply)
      // Now and then a client dies between two commands.
      if (done || this.#below(40) === 0) delete clients[which]
      else client.next = value
      const violated = this.#violated(found)
      if (violated !== undefined) return `seed ${this.#options.seed}, step ${this.#clock}, a command of ${client.what}: ${violated}`
    }
    return undefined
  }

  #begin(): [what: string, Steps] {
    const key = this.#keys[this.#below(this.#keys.length)]!
    const lifeMs = [null, 3_600_000, 3_600_000, 3_600_000, 5][this.#below(5)]!
    switch (this.#below(8)) {
      case 0:
      case 1:
      case 2: {
        const how = (['miss', 'miss', 'refresh', 'force'] as const)[this.#below(4)]!
        return [`a load of ${key}`, this.#protocol.load(key, this.#write(), how, lifeMs, this.#below(4) === 0 ? 5 : 10_000, this.#below(6) === 0)]
      }
      case 3:
      case 4:
        return [`a set of ${key}`, this.#protocol.set(key, this.#write(), lifeMs)]
      case 5:
        return [`a del of ${key}`, this.#once('UNLINK', key)]
      default: {
        const tags = this.#someTags(1)
        const invalidation: Invalidation = { tags, all: this.#below(3) === 0, expire: this.#below(3) === 0, begun: 0 }
        this.#invalidations.push(invalidation)
        const { all, expire } = invalidation
        return [`${expire ? 'an expiring' : 'a deleting'} invalidation of ${all ? 'all' : 'any'} of ${tags}`, this.#protocol.invalidate(invalidation)]
      }
    }
  }

  *#once(name: string, ...args: string[]): Steps {
    yield () => this.#redis.command(name, ...args)
  }

  #write(): Written {
    const written: Written = { id: this.#written.size, tags: this.#someTags(this.#below(6) === 0 ? 0 : 1), at: 0 }
    this.#written.set(written.id, written)
    return written
  }

  #someTags(least: number): string[] {
    const tags = this.#tags.filter(() => this.#below(2) === 0)
    return tags.length >= least ? tags : [this.#tags[this.#below(this.#tags.length)]!]
  }

  #look(): Promise<Found[]> {
    return this.#redis.eval(LOOK, this.#watched, this.#marks)
  }

  #violated(found: Found[]): string | undefined {
    for (const [i, [text, invalidated, missing]] of found.entries()) {
      if (text === undefined) continue
      const value = this.#written.get(Number(text))!
      const what = `${this.#keys[i]} holds value ${text} with the tags ${value.tags}`
      if (missing !== '') return `${what}, and will not be found by ${[...missing].map((at) => this.#tags[Number(at) - 1])}`
      if (invalidated === 1) continue
      const by = this.#invalidations.find((one) => one.ended !== undefined && value.at < one.begun && concerns(one, value))
      if (by !== undefined) return `${what}, which was true at ${value.at}; ${by.all ? 'all' : 'any'} of ${by.tags} was invalidated from ${by.begun} to ${by.ended}`
    }
    return undefined
  }
}

function concerns({ tags, all }: Invalidation, value: Written): boolean {
  const carried = tags.filter((tag) => value.tags.includes(tag))
  return all ? carried.length === tags.length : carried.length > 0
}
