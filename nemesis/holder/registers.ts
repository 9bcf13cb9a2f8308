import type { Redis } from '../../index.js'
import type { Locks } from '../locks/contract'

export const FENCED = 'fenced:'
export const UNFENCED = 'unfenced:'

/** What is protected: a register that looks at tokens, and one that does not, for each resource. */
export class Registers {
  readonly #redis: Redis
  readonly #locks: Locks

  constructor(redis: Redis, locks: Locks) {
    this.#redis = redis
    this.#locks = locks
  }

  /** Whether each fenced one took it; `null` where nobody knows. */
  async write(resources: readonly string[], token: number | null, id: string, n: number): Promise<Record<string, boolean | null>> {
    const value = JSON.stringify({ id, n, token })
    const taken = resources.map(async (resource) => {
      const [fenced] = await Promise.all([
        this.#locks.fencedSet(this.#redis, FENCED + resource, token, value).catch(() => null),
        this.#redis.command('SET', UNFENCED + resource, value).catch(() => null),
      ])
      return [resource, fenced] as const
    })
    return Object.fromEntries(await Promise.all(taken))
  }
}
