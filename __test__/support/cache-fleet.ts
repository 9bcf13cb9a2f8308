import { CacheManager, TypeSafeCache, type CacheOptions, type Redis } from '../../index.js'
import type { Backend } from './backends'
import { deferred, fresh } from './cache-tools'
import { until } from './until'

/** Clients of their own, as processes would have, and caches over them that share a namespace. */
export class Fleet {
  readonly #backend: Backend
  readonly #size: number
  #clients: Redis[] = []

  constructor(backend: Backend, size: number) {
    this.#backend = backend
    this.#size = size
  }

  async connect(): Promise<void> {
    this.#clients = await Promise.all(Array.from({ length: this.#size }, () => this.#backend.connect()))
  }

  caches(options?: CacheOptions): TypeSafeCache[] {
    const namespace = fresh()
    return this.#clients.map((redis) => new TypeSafeCache(redis, { namespace, ...options }))
  }

  /** Another's, for its tags. */
  manager(cache: TypeSafeCache, options?: CacheOptions): CacheManager {
    return new CacheManager(this.#clients.at(-1)!, { namespace: cache.namespace, ...options })
  }
}

/** A fetcher that gives what it is told, when it is told. */
export function heldSource<T = string>() {
  const begun = deferred()
  const value = deferred<T>()
  const source = {
    loads: 0,
    begun: begun.promise,
    finish: value.resolve,
    fail: value.reject,
    fetch: () => {
      source.loads++
      begun.resolve()
      return value.promise
    },
  }
  return source
}

/** Stores a value that is stale already. */
export async function storeStale(cache: TypeSafeCache, key: string, value: unknown, staleTtl: number | string = 600): Promise<void> {
  await cache.set(key, value, { ttl: '1ms', staleTtl: staleTtl as number })
  await until(`${key} is stale`, async () => (await cache.lookup(key)).stale)
}

/** The key as the server has it. */
export function stored(cache: TypeSafeCache, key: string): string {
  return `cache:${cache.namespace}:${key}`
}
