import { setTimeout as pause } from 'node:timers/promises'
import { CacheManager } from '../../index.js'
import { Floor } from '../floor'
import { pick, type Random } from '../random'
import { valueOf } from '../register'
import { DEADLINE_MS, LEASE_MS, WAIT_MS } from '../settings'
import type { Context, Workload } from '../workload'

const OWNED = 6
const FETCH_MS = 10
/** The steps of an invalidation have deadlines of their own. */
const STEPS_MS = 30_000
/** In a cluster: a lease or what keeps its place, the indexes, the entry; and what is given back. */
const STORE_MS = 4 * DEADLINE_MS
/** A read, the epoch, the wait for the lease of another, a load and a store; and all of it again for what was loaded before an invalidation. */
const WITHIN_MS = 2 * (5 * DEADLINE_MS + WAIT_MS + FETCH_MS + STORE_MS)

/** Entries with tags, loaded and read by all clients; each worker alone writes and invalidates those of its own tag. */
export class Tags implements Workload {
  readonly weight = 2
  readonly #managers: readonly CacheManager[]
  readonly #all: { tag: string; floor: Floor }[] = []

  constructor(readonly context: Context) {
    const { clients, run } = context
    const options = { prefix: `tagged-${run}`, ttl: '7d', leaseMs: LEASE_MS, waitMs: WAIT_MS } as const
    this.#managers = clients.map(({ redis }) => new CacheManager(redis, options))
  }

  worker(number: number): (random: Random) => Promise<unknown> {
    const tag = `tag ${number}`
    const mine = Array.from({ length: OWNED }, (_, i) => new Floor(`t${number}:${i}`, this.context))
    this.#all.push(...mine.map((floor) => ({ tag, floor })))
    return (random) => {
      const manager = pick(random, this.#managers)
      const chance = random()
      if (chance < 0.2) return this.#write(manager, tag, pick(random, mine))
      if (chance < 0.4) return this.#invalidate(manager, tag, mine, random)
      return this.#read(manager, pick(random, this.#all), random)
    }
  }

  async #read(manager: CacheManager, { tag, floor }: { tag: string; floor: Floor }, random: Random): Promise<void> {
    const { judge, violations } = this.context
    const [least, waits, loads] = [floor.floor(), random() * FETCH_MS, random() < 0.7]
    const fetcher = async () => {
      const n = ++floor.last
      if (waits > 1) await pause(waits)
      return valueOf(floor.key, n)
    }
    const what = loads ? 'CacheManager.getOrSet' : 'CacheManager.get'
    const reading = () => (loads ? manager.getOrSet(floor.key, fetcher, { tags: [tag] }) : manager.get(floor.key))
    const { outcome, reply = null } = await judge.run(what, reading, loads ? { deadlineMs: WITHIN_MS } : {})
    if (outcome !== 'acknowledged' && loads) violations.report('CacheManager.getOrSet rejected with an error of the cache')
    if (reply !== null) floor.found(what, least, reply)
  }

  async #write(manager: CacheManager, tag: string, floor: Floor): Promise<void> {
    const n = ++floor.last
    const writing = () => manager.cacheWithTags(floor.key, valueOf(floor.key, n), '7d', [tag])
    floor.wrote(n, await this.context.judge.run('CacheManager.cacheWithTags', writing, { deadlineMs: STORE_MS }))
  }

  async #invalidate(manager: CacheManager, tag: string, mine: readonly Floor[], random: Random): Promise<void> {
    const upTo = mine.map(({ last }) => last)
    const mode = random() < 0.5 ? 'delete' : 'expire'
    const told = await this.context.judge.run('CacheManager.invalidateByTag', () => manager.invalidateByTag(tag, { mode }), { deadlineMs: STEPS_MS })
    for (const [i, floor] of mine.entries()) floor.invalidated(upTo[i]!, told)
  }
}
