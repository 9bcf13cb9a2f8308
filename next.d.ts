import type { Duration, NearOptions, RateLimitPolicy, RateLimiter, Redis, TypeSafeCache } from './index'
import type { RateLimitHeaderFormat } from './express'

/** What the handlers of Next.js are told; all of it can be written as JSON, so that it reaches every process of an application. */
export interface NextCacheSettings {
  /** Begins all keys. Two applications over one Redis need two. Default: `'next'`. */
  prefix?: string
  /** How long Next.js waits for one answer of Redis before it renders by itself. Default: `'500ms'`. */
  timeoutMs?: Duration
  /** The longest life of an entry, in seconds; what says itself how long it may be used ends then. Default: `'14d'`. */
  maxTtl?: Duration
  /** Larger entries are not stored, and counted as `tooLarge`. In bytes, 1 to 256 MiB. Default: 16 MiB. */
  maxEntryBytes?: number
  /** Copies in this process's memory, dropped when another process writes: a page that is there costs no round trip. Default: `true`, of at most 64 MiB as stored; what is read of them takes about as much again. */
  near?: boolean | NearOptions
  /** Compressed with LZ4 off the JavaScript thread, from 1 KiB on. Default: `true`. */
  compress?: boolean
  /**
   * While Redis cannot be asked: `'render'` renders each time, `'stale'` gives what this process has read or written last (at most 32 MiB), or what the build has left, though its tags cannot be checked.
   * Default: `'render'`.
   */
  onUnavailable?: 'render' | 'stale'
  /** Keeps the pages of builds apart. Default: the id of the build, which Next.js leaves in its folder. */
  buildId?: string
}

/** Of {@link createCacheHandler} and {@link createUseCacheHandler}, for a file of your own. */
export interface NextCacheOptions extends NextCacheSettings {
  /**
   * Whom to ask. Default: a client of this process for `REDIS_URL` (or `REDIS_HOST` and the others that `getRedis` reads); where none of them is set, nothing is stored, which is said once; with `next dev` `embedded://`, for this process alone.
   */
  redis?: Redis
}

/** What {@link withRedwright} sets. */
export interface WithRedwrightOptions extends NextCacheSettings {
  /** Pages, route handlers, `fetch` and `unstable_cache` (`cacheHandler`). Default: `true`. */
  cacheHandler?: boolean
  /** `'use cache'` of these names (`cacheHandlers`); `false` for none. Default: `['default', 'remote']`. */
  cacheHandlers?: false | readonly string[]
  /** Optimised images too (`images.customCacheHandler`). Default: `false`. */
  images?: boolean
}

/**
 * The configuration of Next.js 16 with Redwright as its cache: the paths of the handlers, `serverExternalPackages`, so that an import of `redwright` builds and its binary is traced, and no second cache in memory
 * (`cacheMaxMemorySize: 0`, unless part of that of Next.js stays in use). What the configuration says itself stands.
 *
 * ```js
 * // next.config.js
 * const { withRedwright } = require('redwright/next')
 * module.exports = withRedwright({ output: 'standalone', cacheComponents: true })
 * ```
 *
 * Passwords do not belong in options, which become part of the build: where Redis is, is read from the environment when the application starts.
 *
 * @throws TypeError, RangeError for options that are none.
 */
export function withRedwright<Config>(nextConfig?: Config, options?: WithRedwrightOptions): Config

/** Counters of all handlers of this process. */
export interface NextCacheMetrics {
  /** Answered with what is fresh. */
  hits: number
  /** With what is stale by one of its tags, so that Next.js makes it anew behind that. */
  staleHits: number
  misses: number
  /** Taken from what the build left, since nothing was stored. */
  seeds: number
  stores: number
  /** Not given, since one of their tags had expired. */
  expired: number
  /** Damaged, of another kind or version: a miss. */
  unreadable: number
  /** Above `maxEntryBytes`, and not stored. */
  tooLarge: number
  /** Streams that broke off, and were not stored. */
  broken: number
  /** Calls of `revalidateTag`, `updateTag`, `revalidatePath` for tags. */
  invalidations: number
  /** What Redis did not answer in time, or not at all. */
  failures: number
}

export function nextCacheMetrics(): NextCacheMetrics

/** The class that Next.js makes one of for each request (`cacheHandler`), which is free: all share one client. */
export interface NextCacheHandlerClass {
  new (context?: any): NextCacheHandler
}

export interface NextCacheHandler {
  /** Never rejects. */
  get(key: string, context: any): Promise<any>
  /** Never rejects. */
  set(key: string, value: any, context: any): Promise<void>
  /** While Redis is away it counts here at once and is told to Redis when that is back. Never rejects. */
  revalidateTag(tags: string | string[], durations?: { expire?: number }): Promise<void>
  resetRequestCache(): void
}

/**
 * For a `cacheHandler` file of your own: `module.exports = createCacheHandler({ redis })`. {@link withRedwright} does without.
 *
 * @throws TypeError, RangeError for options that are none.
 */
export function createCacheHandler(options?: NextCacheOptions): NextCacheHandlerClass

/** As Next.js has it in `next/cache`. */
export interface NextUseCacheEntry {
  value: ReadableStream<Uint8Array>
  tags: string[]
  stale: number
  timestamp: number
  expire: number
  revalidate: number
}

export interface NextUseCacheHandler {
  get(key: string, softTags: string[]): Promise<NextUseCacheEntry | undefined>
  set(key: string, pendingEntry: Promise<NextUseCacheEntry>): Promise<void>
  /** Costs no round trip as long as nobody has invalidated anything. */
  refreshTags(): Promise<void>
  getExpiration(tags: string[]): Promise<number>
  updateTags(tags: string[], durations?: { expire?: number }): Promise<void>
}

/**
 * For a file of `cacheHandlers` of your own: `module.exports = createUseCacheHandler({ redis })`.
 *
 * @throws TypeError, RangeError for options that are none.
 */
export function createUseCacheHandler(options?: NextCacheOptions): NextUseCacheHandler

/** A request of the App Router, or of the Pages Router. */
export type NextRouteRequest = Request | { method?: string | undefined; url?: string | undefined; headers: { [name: string]: string | string[] | undefined } }

/** What is used of a response of the Pages Router. */
export interface NextApiResponseLike {
  statusCode: number
  setHeader(name: string, value: string): unknown
  end(body?: string): unknown
}

export interface CachedRouteOptions {
  /** In seconds. Default: that of the cache. */
  ttl?: Duration
  /** How long behind its `ttl` it is given while it is made anew. */
  staleTtl?: Duration
  tags?: readonly string[] | ((data: any) => readonly string[])
  /** Default: path and query of the request. */
  key?: string | ((request: any, context: any) => string)
}

/**
 * Cache-aside for a route handler, in one call: the data of `load` are kept, and given as JSON; `undefined` is kept by nobody, and answered with 404. GET and HEAD only; others are answered with 405. `X-Cache`
 * says `HIT` or `MISS`. Round trips: as of `getOrSet`. What `load` throws is thrown.
 *
 * ```js
 * // app/api/users/[id]/route.js, or the default export of pages/api/users/[id].js
 * export const GET = cachedRoute(cache, { ttl: 60, tags: ['users'] }, async (request, { params }) => db.user((await params).id))
 * ```
 */
export function cachedRoute<Req = any, Context = any>(
  cache: TypeSafeCache,
  options: CachedRouteOptions,
  load: (request: Req, context: Context) => unknown,
): (request: Req, context?: Context) => Promise<any>

export interface NextRateLimitOptions {
  /** Whom the request is counted for. One of `key` and `trustedProxies` is needed: a route handler is not told who is on the other end. */
  key?: string | ((request: any) => string | Promise<string>)
  /** So many proxies in front of the application add to `X-Forwarded-For`: the address that the outermost of them has seen is the key, IPv6 by its /56. At least 1. */
  trustedProxies?: number
  /** Default: as of `rateLimitMiddleware`, `['legacy', 'draft-10']`. */
  headers?: false | RateLimitHeaderFormat | readonly RateLimitHeaderFormat[]
  cost?: number
  /** Of the Pages Router: header fields are set on it, and a request that is refused is answered. */
  response?: NextApiResponseLike
}

/**
 * Counts a request: a `Response` with status 429, header fields and `application/problem+json` where it is above the limit, `undefined` where it may go on.
 *
 * ```js
 * export async function POST(request) {
 *   const refused = await rateLimit(request, limiter, { limit: 10, period: '1m' }, { trustedProxies: 1 })
 *   if (refused) return refused
 * ```
 */
export function rateLimit(
  request: NextRouteRequest,
  limiter: RateLimiter,
  policies: RateLimitPolicy | readonly RateLimitPolicy[],
  options: NextRateLimitOptions,
): Promise<Response | undefined>
