import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Redis } from '../../index.js'
import type { Held, Job, Locks, Make } from './contract'

/** How often it looks whether a lock has become free. */
const POLL_MS = 30

const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`

/**
 * The lock that everybody writes first: `SET NX PX`, and compare and delete. Nobody tells its holder that the time is over, nobody renews
 * it, and no register can tell an old holder from the present one. It is here to be convicted.
 */
class NaiveLocks implements Locks {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async acquire({ resources, ttlMs, waitMs }: Job): Promise<Held | null> {
    const token = randomUUID()
    for (const until = performance.now() + waitMs; ; ) {
      if (await this.#tryAll(resources, token, ttlMs)) return this.#held(resources, token)
      if (performance.now() + POLL_MS > until) return null
      await pause(POLL_MS)
    }
  }

  async #tryAll(resources: readonly string[], token: string, ttlMs: number): Promise<boolean> {
    for (const [i, resource] of resources.entries()) {
      if ((await this.#redis.command('SET', `lock:${resource}`, token, 'NX', 'PX', String(ttlMs))) === 'OK') continue
      await this.#release(resources.slice(0, i), token)
      return false
    }
    return true
  }

  async #release(resources: readonly string[], token: string): Promise<number> {
    let released = 0
    for (const resource of resources) released += Number(await this.#redis.command('EVAL', RELEASE, '1', `lock:${resource}`, token))
    return released
  }

  #held(resources: readonly string[], token: string): Held {
    let released = false
    return {
      token: null,
      signal: new AbortController().signal,
      isValid: () => !released,
      release: async () => {
        released = true
        return (await this.#release(resources, token).catch(() => 0)) === resources.length ? 'released' : 'gone'
      },
    }
  }

  async fencedSet(register: Redis, key: string, _token: number | null, value: string): Promise<boolean> {
    await register.command('SET', key, value)
    return true
  }
}

export const naive: Make = {
  does: ({ lock, fair, replicated }) => lock === 'mutex' && !fair && !replicated,
  open: ([redis]) => new NaiveLocks(redis!),
}
