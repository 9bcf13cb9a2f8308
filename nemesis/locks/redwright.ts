import { type AcquireOptions, DistributedLock, fencedSet, type HeldLock, ReadWriteLock, type Redis, Semaphore } from '../../index.js'
import { REPLICA_MS } from '../settings'
import type { Held, Job, Locks, Make } from './contract'

/** Longer than any run. */
const KEPT_S = 86_400

class RedwrightLocks implements Locks {
  readonly #redis: Redis
  readonly #mutex: DistributedLock
  readonly #readWrite: ReadWriteLock
  readonly #semaphores = new Map<number, Semaphore>()

  constructor(clients: readonly Redis[]) {
    this.#redis = clients[0]!
    this.#mutex = new DistributedLock(clients.length === 1 ? this.#redis : clients)
    this.#readWrite = new ReadWriteLock(this.#redis)
  }

  async acquire(job: Job): Promise<Held | null> {
    const held = await this.#ask(job, optionsOf(job))
    if (held === null) return null
    return {
      token: held.fencingToken,
      get signal() {
        return held.signal
      },
      isValid: () => held.isValid(),
      release: () => held.release(),
    }
  }

  #ask({ lock, resources, ttlMs, permits = 1 }: Job, options: AcquireOptions): Promise<HeldLock | null> {
    const [resource] = resources as [string]
    if (lock === 'read') return this.#readWrite.read(resource, ttlMs, options)
    if (lock === 'write') return this.#readWrite.write(resource, ttlMs, options)
    if (lock === 'semaphore') return this.#semaphore(permits).acquire(resource, ttlMs, options)
    return this.#mutex.acquire(resources.length === 1 ? resource : resources, ttlMs, options)
  }

  #semaphore(permits: number) {
    const semaphore = this.#semaphores.get(permits) ?? new Semaphore(this.#redis, { permits })
    this.#semaphores.set(permits, semaphore)
    return semaphore
  }

  fencedSet(register: Redis, key: string, token: number, value: string): Promise<boolean> {
    return fencedSet(register, key, token, value, { ttl: KEPT_S })
  }
}

function optionsOf({ waitMs, renew = false, fair, replicated }: Job): AcquireOptions {
  return { waitMs, renew, ...(fair && { fair }), ...(replicated && { replicas: 'all', replicaTimeoutMs: REPLICA_MS }) }
}

export const redwright: Make = {
  does: () => true,
  open: (clients) => new RedwrightLocks(clients),
}
