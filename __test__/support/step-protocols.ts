import { setTimeout as pause } from 'node:timers/promises'
import type { CacheManager, TypeSafeCache } from '../../index.js'
import { type Deferred, deferred } from './cache-tools'
import { hasScript } from './step-words'
import { until } from './until'

/** The two classes over one client. */
export interface Pair {
  cache: TypeSafeCache
  manager: CacheManager
}

/** Who takes part in a case: those whose way is in trouble, and those who reach the server directly. */
export interface Cast {
  troubled: Pair
  direct: Pair
  /** A tag that nobody else has. */
  tag: string
  /** A load that goes on elsewhere, where there is one. */
  elsewhere?: { source: Deferred<string>; load: Promise<string> }
  /** Whether the step has come. */
  isHit(): boolean
}

export const KEY = 'k'
export const MORE = ['k', 'k2', 'k3']
/** What a fetcher gives before the first invalidation. */
export const OLD = 'what was loaded before'
/** What was there to begin with. */
export const FIRST = 'what was there'

const WAIT_MS = 500
const LIVES = { ttl: '1h', staleTtl: '1h' } as const

/** One way to use the cache, step by step. */
export interface Protocol {
  name: string
  /** As `stepOf` calls them; `#2` for the second. */
  steps: readonly string[]
  clusterSteps?: readonly string[]
  /** A load gives a value in any case; the others may reject. */
  kind: 'load' | 'write' | 'invalidation'
  prepare?(cast: Cast): Promise<void>
  run(cast: Cast): Promise<unknown>
  /** What a load may give. */
  gives?: readonly string[]
  /** Takes away what was loaded. Default: by key. */
  invalidate?(cast: Cast): Promise<unknown>
}

const loadOld = async () => OLD
const byTag = ({ direct, tag }: Cast) => direct.manager.invalidateByTag(tag)

async function storeTagged({ direct, tag }: Cast): Promise<void> {
  await direct.manager.cacheWithTags(KEY, FIRST, '1h', [tag, `${tag} too`])
}

async function storeStale({ direct }: Cast): Promise<void> {
  await direct.cache.set(KEY, FIRST, { ttl: '1ms', staleTtl: '1h' })
  await until('it is stale', async () => (await direct.cache.lookup(KEY)).stale)
}

/** Somebody else loads, and has the lease. */
async function loadElsewhere(cast: Cast, key = KEY): Promise<void> {
  const [begun, source] = [deferred(), deferred<string>()]
  const fetcher = () => {
    begun.resolve()
    return source.promise
  }
  cast.elsewhere = { source, load: cast.direct.cache.getOrSet(key, fetcher, { tags: [cast.tag] }) }
  await begun.promise
}

/** So the next read is expected to find nothing, and asks for the lease at once. */
async function missOften({ troubled }: Cast): Promise<void> {
  for (let i = 0; i < 20; i++) await troubled.cache.getOrSet(`missed ${i}`, loadOld)
}

/** Tagged entries, and a load of one that carries the tag too. */
async function storeAndLoad(cast: Cast): Promise<void> {
  await storeTagged(cast)
  await loadElsewhere(cast, 'loaded elsewhere')
}

/** How the keys that were set aside are taken in hand. */
const DRAIN = hasScript('drain') ? ['drain', 'break', 'drain#2'] : ['zrange', 'break', 'zrem', 'zrange#2']

const failed = new Error('no source either')

export const PROTOCOLS: readonly Protocol[] = [
  { name: 'getOrSet', kind: 'load', steps: ['get', 'lease', 'store'], run: ({ troubled }) => troubled.cache.getOrSet(KEY, loadOld) },
  {
    name: 'getOrSet of several keys in one turn',
    kind: 'load',
    steps: ['mget'],
    clusterSteps: ['get#2'],
    async run({ troubled }) {
      const values = await Promise.all(MORE.map((key) => troubled.cache.getOrSet(key, loadOld)))
      return values.every((value) => value === OLD) ? OLD : values
    },
  },
  {
    name: 'getOrSet where the last reads missed',
    kind: 'load',
    steps: ['lease', 'store'],
    prepare: missOften,
    run: ({ troubled }) => troubled.cache.getOrSet(KEY, loadOld),
  },
  {
    name: 'getOrSet with tags, where the last reads missed',
    kind: 'load',
    steps: ['lease', 'snapshot', 'epoch', 'store'],
    clusterSteps: ['lease', 'snapshot', 'epoch', 'register', 'store'],
    prepare: missOften,
    run: ({ troubled, tag }) => troubled.cache.getOrSet(KEY, loadOld, { tags: [tag] }),
    invalidate: byTag,
  },
  {
    name: 'getOrSet with tags',
    kind: 'load',
    steps: ['get', 'lease', 'snapshot', 'epoch', 'store'],
    clusterSteps: ['get', 'lease', 'snapshot', 'epoch', 'register', 'store'],
    run: ({ troubled, tag }) => troubled.cache.getOrSet(KEY, loadOld, { tags: [tag] }),
    invalidate: byTag,
  },
  {
    name: 'getOrSet with forceFresh',
    kind: 'load',
    steps: ['lease', 'store'],
    run: ({ troubled }) => troubled.cache.getOrSet(KEY, loadOld, { forceFresh: true }),
  },
  {
    name: 'getOrSet whose fetcher gives nothing to store',
    kind: 'load',
    steps: ['abandon'],
    run: ({ troubled }) => troubled.cache.getOrSet(KEY, async ({ skip }) => (skip(), OLD)),
  },
  {
    name: 'a refresh behind a stale value',
    kind: 'load',
    steps: ['get', 'pttl', 'lease', 'store'],
    prepare: storeStale,
    run: ({ troubled }) => troubled.cache.getOrSet(KEY, loadOld, { ...LIVES, softTimeoutMs: '10s' }),
    gives: [FIRST, OLD],
  },
  {
    name: 'a refresh that fails behind a stale value',
    kind: 'load',
    steps: ['abandon'],
    prepare: storeStale,
    run: ({ troubled }) => troubled.cache.getOrSet(KEY, () => Promise.reject(failed), { ...LIVES, softTimeoutMs: '10s' }),
    gives: [FIRST],
  },
  {
    name: 'getOrSet that waits for the load of another',
    kind: 'load',
    steps: ['get', 'lease', 'get#2', 'lease#2'],
    prepare: loadElsewhere,
    async run(cast) {
      const { troubled, elsewhere } = cast
      const waiting = troubled.cache.getOrSet(KEY, loadOld, { waitMs: WAIT_MS })
      const isOver = waiting.then(() => true, () => true)
      await until('the step has come', async () => cast.isHit() || Promise.race([isOver, pause(5, false)]))
      elsewhere!.source.resolve(OLD)
      return waiting
    },
  },
  {
    name: 'getOrSetMany',
    kind: 'load',
    steps: ['mget', 'lease', 'store'],
    async run({ troubled }) {
      const values = await troubled.cache.getOrSetMany(MORE, async (missing) => new Map(missing.map((key) => [key, OLD])))
      return MORE.every((key) => values.get(key) === OLD) ? OLD : [...values]
    },
  },
  {
    name: 'getOrSetMany with tags',
    kind: 'load',
    steps: ['mget', 'lease', 'snapshot', 'epoch', 'store'],
    clusterSteps: ['mget', 'lease', 'lease#2', 'snapshot', 'register', 'register#3', 'store', 'store#3'],
    async run({ troubled, tag }) {
      const values = await troubled.cache.getOrSetMany(MORE, async (missing) => new Map(missing.map((key) => [key, OLD])), { tags: [tag] })
      return MORE.every((key) => values.get(key) === OLD) ? OLD : [...values]
    },
    invalidate: byTag,
  },
  {
    name: 'cacheWithTags',
    kind: 'write',
    steps: ['store'],
    clusterSteps: ['set', 'register', 'store'],
    prepare: storeTagged,
    run: ({ troubled, tag }) => troubled.manager.cacheWithTags(KEY, OLD, '1h', [tag]),
  },
  {
    name: 'invalidateByTag',
    kind: 'invalidation',
    steps: ['epoch', 'doom', ...DRAIN],
    prepare: storeAndLoad,
    run: ({ troubled, tag }) => troubled.manager.invalidateByTag(tag),
    invalidate: byTag,
  },
  {
    name: 'invalidateByTag with expire',
    kind: 'invalidation',
    steps: ['epoch', 'doom', 'zscan', 'break', DRAIN[0]!],
    prepare: storeAndLoad,
    run: ({ troubled, tag }) => troubled.manager.invalidateByTag(tag, { mode: 'expire' }),
    invalidate: byTag,
  },
  {
    name: 'invalidateByTags with all',
    kind: 'invalidation',
    steps: ['epoch', 'doom', 'doom#2', 'zscan', 'break'],
    prepare: storeAndLoad,
    run: ({ troubled, tag }) => troubled.manager.invalidateByTags([tag, `${tag} too`], { match: 'all' }),
    invalidate: byTag,
  },
]

