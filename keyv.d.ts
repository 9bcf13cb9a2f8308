import { EventEmitter } from 'node:events'
import type { CacheOptions, Duration, Redis } from './index'

/** As of `TypeSafeCache`, but for `prefix` and `ttl`. */
export interface KeyvRedwrightOptions extends CacheOptions {
  /** First part of every key. Default: `'keyv'`. */
  prefix?: string
  /** Second part of every key where Keyv has no `namespace` of its own. Default: `'default'`. */
  namespace?: string
  /** Life in seconds of entries to which Keyv gives none. Default: `Infinity`. */
  ttl?: Duration
  /**
   * Whether Keyv puts its namespace before the keys; the adapter takes it off, so that it stands in Redis once. To be set to `false` where
   * Keyv 5 was told so, by its own `useKeyPrefix`. Default: `true` under Keyv 5, `false` under Keyv 6.
   */
  useKeyPrefix?: boolean
}

export interface KeyvRedwrightEntry {
  key: string
  value: any
  /** In ms. */
  ttl?: number | undefined
}

/**
 * A storage adapter for Keyv 5 and 6, and so for cache-manager and `@nestjs/cache-manager`, over a {@link Redis} of this package. One adapter
 * serves one Keyv.
 *
 * Entries are at `prefix:namespace:key` with a TTL of Redis, and hold what Keyv gives, as JSON. Every call is bounded by the deadline of the
 * client or by `timeoutMs`, and rejects with a `RedwrightError`; what becomes of that is Keyv's to say. The client is not closed by
 * `disconnect`.
 *
 * @example
 * ```ts
 * const keyv = new Keyv({ store: new KeyvRedwright(redis), namespace: 'user', ttl: 60_000 })
 * await keyv.set('1000', { name: 'Ada' })
 * ```
 */
export class KeyvRedwright extends EventEmitter {
  constructor(redis: Redis, options?: KeyvRedwrightOptions)
  /** That of Keyv, which it writes here, else that of the options. */
  namespace: string | undefined
  /** For Keyv 5. */
  opts: { dialect: string; url: string; [option: string]: unknown }
  /** For Keyv 6. */
  readonly capabilities: { expires: boolean }
  /** Round trips: 1. */
  get(key: string): Promise<any>
  /** In the order of `keys`, `undefined` for each miss. Round trips: 1. */
  getMany(keys: string[]): Promise<any[]>
  /** `ttl` in ms; none, and `0`, is the life of the options. Round trips: 1. */
  set(key: string, value: any, ttl?: number): Promise<boolean>
  /** Round trips: 1. Not atomic. */
  setMany(entries: KeyvRedwrightEntry[]): Promise<any>
  /** Whether it was there. Round trips: 1. */
  delete(key: string): Promise<boolean>
  /** Whether any of them was there. Round trips: 1. */
  deleteMany(keys: string[]): Promise<boolean>
  /** Round trips: 1. */
  has(key: string): Promise<boolean>
  /** Round trips: 1 for each 1 000 keys. */
  hasMany(keys: string[]): Promise<boolean[]>
  /** Deletes the entries of this namespace, and nothing else. See `TypeSafeCache.clear`. */
  clear(): Promise<void>
  /**
   * The entries of this namespace, by `SCAN`: what is written meanwhile may be missed, and an entry may come twice. Not on a cluster, where it
   * throws.
   */
  iterator(): AsyncGenerator<[string, any], void>
  /** Does nothing: the client is its owner's to close. */
  disconnect(): Promise<void>
  /** An `error` that nobody listens to does not throw. */
  emit(event: string | symbol, ...args: any[]): boolean
}
