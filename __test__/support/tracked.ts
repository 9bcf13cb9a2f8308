import { createRequire } from 'node:module'
import type { Redis } from '../../index.js'
import { until } from './until'

const { call } = createRequire(import.meta.url)('../../lib/redis.js')

export interface Read {
  value: string | null
  pttl: number | null
  slot: number
  generation: number
  tracked: boolean
}

/** A client's reads whose changes are told, as the patterns of this package use them. */
export class Tracking {
  readonly words: Uint32Array
  readonly #redis: Redis

  static async of(redis: Redis): Promise<Tracking> {
    let words = new Uint32Array()
    await call(redis, (native, ticket) => {
      words = native.words()
      return native.ping(ticket)
    })
    return new Tracking(redis, words)
  }

  private constructor(redis: Redis, words: Uint32Array) {
    this.#redis = redis
    this.words = words
  }

  async read(key: string | Uint8Array, withPttl = false): Promise<Read> {
    const [value, pttl, slot, generation, tracked] = await call(this.#redis, (native, ticket) => native.readTracked(ticket, key, withPttl))
    return { value, pttl, slot, generation, tracked }
  }

  /** As `read`, as soon as there is a pair. */
  async readTracked(key: string | Uint8Array): Promise<Read> {
    let read: Read | undefined
    await until('the read is tracked', async () => {
      read = await this.read(key).catch(() => undefined)
      return read?.tracked === true
    })
    return read!
  }

  /** Resolves when the key has changed. */
  watch(key: string | Uint8Array): Promise<void> {
    return call(this.#redis, (native, ticket) => native.watch(ticket, key))
  }

  /** Whether nothing is known to have changed since. */
  isCurrent({ slot, generation }: Read): boolean {
    return Atomics.load(this.words, slot) === generation
  }

  async untilOutdated(read: Read): Promise<void> {
    await until('it is known to have changed', () => !this.isCurrent(read))
  }
}
