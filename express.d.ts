import { EventEmitter } from 'node:events'
import type { Duration, ListedSession, NearOptions, RateLimitAlgorithm, RateLimitDecision, RateLimiter, RateLimitPolicy, RateLimitResult, Redis, SessionMetrics, SessionOptions, TypeSafeCache } from './index'

/** What is read of a request: that of `node:http`, Connect and Express 4 and 5. */
export interface RateLimitRequest {
  headers: { [name: string]: string | string[] | undefined }
  socket: { remoteAddress?: string | undefined }
  /** The client's address, where a framework knows it, as Express does behind a proxy that it trusts. */
  ip?: string | undefined
}

/** What is used of a response: that of `node:http`, Connect and Express 4 and 5. */
export interface RateLimitResponse {
  statusCode: number
  readonly headersSent: boolean
  readonly writableEnded: boolean
  readonly writableFinished: boolean
  readonly destroyed: boolean
  getHeader(name: string): number | string | string[] | undefined
  setHeader(name: string, value: string): unknown
  end(body?: string): unknown
  destroy(): unknown
  once(event: string, listener: () => void): unknown
  removeListener(event: string, listener: () => void): unknown
}

export type RateLimitNext = (error?: any) => void

/** A request handler of Connect and Express. */
export type RateLimitHandler<Req = RateLimitRequest, Res = RateLimitResponse> = (req: Req, res: Res, next: RateLimitNext) => void

/**
 * Header fields that tell clients where they stand.
 *
 * | | fields |
 * |---|---|
 * | `'legacy'` | `X-RateLimit-Limit`, `X-RateLimit-Remaining`, and `X-RateLimit-Reset` in seconds since the epoch, by the clock of Redis |
 * | `'draft-6'` | `RateLimit-Limit`, `RateLimit-Remaining`, `RateLimit-Reset` in seconds from now, and `RateLimit-Policy: 100;w=60` |
 * | `'draft-7'` | `RateLimit: limit=100, remaining=50, reset=30` and `RateLimit-Policy: 100;w=60` |
 * | `'draft-8'` | `RateLimit: "burst";r=50;t=30` and `RateLimit-Policy: "burst";q=100;w=60`, of all policies; `t` is when all of the quota is there again |
 * | `'draft-10'` | the same; `t` is when there is more than now (of a sliding limit that is not used up: when all is), and is left out where nothing is to come; `qu` tells a unit other than requests |
 *
 * Drafts of draft-ietf-httpapi-ratelimit-headers. The first three tell of the policy that decides, and of the others in `RateLimit-Policy` only. Spans are in whole seconds, rounded
 * up; a window below one second cannot be told, so drafts 8 and 10 leave `w` out. Of `'gcra'` and `'tokenBucket'` with a `burst`, quota and window are the
 * burst and the time in which it comes back: 60 a minute with a burst of 5 are `q=5;w=5`.
 */
export type RateLimitHeaderFormat = 'draft-10' | 'draft-8' | 'draft-7' | 'draft-6' | 'legacy'

/** What a quota counts, in draft 10. */
export type RateLimitUnit = 'requests' | 'content-bytes' | 'concurrent-requests'

export interface RateLimitMiddlewareShared<Req = RateLimitRequest, Res = RateLimitResponse> {
  /**
   * Keeps what is counted here apart: it stands before each key, as `name:key`, and names the limit of the short form. A letter, then letters, digits, `_`, `-` or `.`;
   * at most 64. Default: none, so that middlewares over one limiter whose policies have the same name share their counts. A request that two of them
   * count for the same policy is told once as a warning, `REDWRIGHT_LIMIT_COUNTED_TWICE`.
   */
  name?: string
  /**
   * Whom a request is counted for: a string of 1 to 65 536 bytes. May be async; what it throws goes to `next`. One that gives no string, or an empty one, is treated as a request without
   * an address, see {@link clientKey}. Default: `clientKey(req, { ipv6Subnet })`.
   */
  keyGenerator?: (req: Req, res: Res) => string | Promise<string>
  /** How many units a request takes. 1 to 2³¹. Default: `1`. */
  cost?: number | ((req: Req, res: Res) => number | Promise<number>)
  /** Requests for which it is truthy pass uncounted, and get no header. */
  skip?: (req: Req, res: Res) => unknown
  /**
   * Answers what was refused, or lets it pass by `next()`. The header fields, `Retry-After` among them, are set already; the status is not. May be async; what it throws goes to `next`. Default: a status and a
   * body `application/problem+json` (RFC 9457), see {@link rateLimitMiddleware}.
   */
  onLimited?: (req: Req, res: Res, next: RateLimitNext, decision: RateLimitDecision) => unknown
  /** Whether units are given back for what was not successful, or whose connection closed before the response had ended. Default: `false`. */
  skipFailedRequests?: boolean
  /** Whether units are given back for what was successful: for logins, say. Default: `false`. */
  skipSuccessfulRequests?: boolean
  /** What success is, asked when the response has ended, for the two before. May be async. Default: a status below 400. */
  requestWasSuccessful?: (req: Req, res: Res) => unknown
  /**
   * One form or several, or `false` for none; `Retry-After` is sent in any case. Of drafts 7, 8 and 10 only one can be chosen; where draft 6 meets a later one, `RateLimit-Policy` is the later one's.
   * Default: `['legacy', 'draft-10']`.
   */
  headers?: RateLimitHeaderFormat | readonly RateLimitHeaderFormat[] | false
  /** Default: `'requests'`. */
  unit?: RateLimitUnit
  /** Of what is refused. 400 to 599. Default: `429`. */
  statusCode?: number
  /**
   * Of what is refused without Redis (`decision.degraded`), whatever the client did before. 400 to 599. Default: `503`; `429` where 503 would have a load balancer take this process for ill.
   */
  degradedStatusCode?: number
  /** How many bits of an IPv6 address make a client. 32 to 128. Default: `56`, what one household gets. */
  ipv6Subnet?: number
  /**
   * Whether to look for a misconfigured `trust proxy`: many different `X-Forwarded-For` behind the address that is counted, or that header believed though it came from an address
   * on the internet that was not named as a proxy. Either is told once, as the warning `REDWRIGHT_LIMIT_TRUST_PROXY`, and by the channel `redwright:limit:trust-proxy`. With a
   * `keyGenerator` nothing is looked for. Default: `true`.
   */
  trustProxyCheck?: boolean
}

/** One limit. */
export interface RateLimitMiddlewareLimit<Req = RateLimitRequest, Res = RateLimitResponse> extends RateLimitMiddlewareShared<Req, Res> {
  /** How many units in a `window`. 0 (nothing passes) to 2³¹; a function says it for each request. */
  limit: number | ((req: Req, res: Res) => number | Promise<number>)
  /** In seconds as a number. 1 ms to 366 days. */
  window: Duration
  /** Default: `'fixedWindow'`, as in express-rate-limit: a window begins with the first request, and ends for all of its requests at once. */
  algorithm?: RateLimitAlgorithm
  policies?: undefined
}

/** Several limits, all of which must allow a request; where one refuses, it counts for none. */
export interface RateLimitMiddlewarePolicies<Req = RateLimitRequest, Res = RateLimitResponse> extends RateLimitMiddlewareShared<Req, Res> {
  /** 1 to 16; a function says them for each request. Their periods are in ms as numbers, and their default is `'gcra'`, as everywhere else. */
  policies: RateLimitPolicy | readonly RateLimitPolicy[] | ((req: Req, res: Res) => RateLimitPolicies | Promise<RateLimitPolicies>)
  limit?: undefined
  window?: undefined
  algorithm?: undefined
}
export type RateLimitPolicies = RateLimitPolicy | readonly RateLimitPolicy[]

export type RateLimitMiddlewareOptions<Req = RateLimitRequest, Res = RateLimitResponse> =
  | RateLimitMiddlewareLimit<Req, Res>
  | RateLimitMiddlewarePolicies<Req, Res>

/**
 * A request handler that lets pass what the limiter allows, for Connect, Express 4 and 5, and anything that calls `(req, res, next)`. Round trips: 1 a request, and 1
 * for a refund.
 *
 * What is refused is answered with `Retry-After` in whole seconds, never too early (left out where it can never pass), and a body `application/problem+json`:
 *
 * | | status | `type` |
 * |---|---|---|
 * | over a limit | `statusCode`, 429 | `https://iana.org/assignments/http-problem-types#quota-exceeded` |
 * | refused while Redis is away | `degradedStatusCode`, 503 | `https://iana.org/assignments/http-problem-types#temporary-reduced-capacity` |
 *
 * with `title`, `status`, `detail` and `violated-policies`, the names of those that refused. While Redis is away the limiter decides by its `onUnavailable`; no request hangs, and none
 * fails for that.
 *
 * Errors go to `next`, each once: what a function of the options throws, a limit or cost that one of them gave and that is none, a key that is none.
 * @throws TypeError for options that are wrong, unknown, or exclude each other
 * @throws RangeError for a limit, window, cost, status or subnet out of its range
 *
 * @example
 * ```ts
 * app.use(rateLimitMiddleware(limiter, { limit: 100, window: 60 }))
 *
 * app.use('/api', rateLimitMiddleware(limiter, {
 *   name: 'api',
 *   policies: [
 *     { name: 'burst', limit: 10, period: '1s' },
 *     { name: 'day', limit: 5000, period: '1d', algorithm: 'fixedWindow' },
 *   ],
 *   keyGenerator: (req: Request) => accounts.get(req.get('x-api-key'))?.id ?? clientKey(req),
 * }))
 * ```
 */
export function rateLimitMiddleware<Req extends RateLimitRequest = RateLimitRequest, Res extends RateLimitResponse = RateLimitResponse>(
  limiter: Pick<RateLimiter, 'check' | 'refund'>,
  options: RateLimitMiddlewareOptions<Req, Res>,
): RateLimitHandler<Req, Res>

export interface ClientKeyOptions {
  /** How many bits of an IPv6 address make a client. 32 to 128. Default: `56`. */
  ipv6Subnet?: number
}

/**
 * The key by which {@link rateLimitMiddleware} counts a request, or the one of an address: `203.0.113.7`, or the network of an IPv6 address, `2001:db8:0:100::/56`.
 *
 * `req.ip` counts where it is an address, else that of the socket. A port, brackets and a zone are left out; an IPv6 address that only carries an IPv4 address (`::ffff:203.0.113.7`,
 * `64:ff9b::203.0.113.7`) is that one. Where there is none, as on a Unix socket or when the client has gone, it throws, so that no two clients share a key unnoticed; with
 * `NODE_ENV=production` it gives one key for all such requests, tells it once as the warning `REDWRIGHT_LIMIT_NO_KEY`, and each time by the channel `redwright:limit:no-key`.
 * @throws TypeError where there is no address, but in production
 */
export function clientKey(from: RateLimitRequest | string, options?: ClientKeyOptions): string

export interface RateLimitHeadersOptions {
  /** Default: `['legacy', 'draft-10']`. See `headers` of {@link RateLimitMiddlewareShared}. */
  headers?: RateLimitHeaderFormat | readonly RateLimitHeaderFormat[] | false
  /** Those that were decided on, in the same order. Without them windows are not told. */
  policies?: RateLimitPolicy | readonly RateLimitPolicy[]
  /** Default: `'requests'`. */
  unit?: RateLimitUnit
}

/**
 * A decision as header fields, for route handlers of Next.js and others that make a `Response`. Holds `Retry-After` where it was refused and can pass later.
 * @throws TypeError for what is no decision, and for wrong or unknown options
 *
 * @example
 * ```ts
 * export async function GET(request: Request) {
 *   const policies = [{ name: 'api', limit: 100, period: '1m' }] as const
 *   const decision = await limiter.check(apiKeyOf(request), policies)
 *   const headers = rateLimitHeaders(decision, { policies })
 *   return decision.allowed ? Response.json({ ok: true }, { headers }) : new Response('Too many requests', { status: 429, headers })
 * }
 * ```
 */
export function rateLimitHeaders(
  decision: RateLimitResult & { policies?: readonly (RateLimitResult & { name: string })[] },
  options?: RateLimitHeadersOptions,
): Record<string, string>

export interface RateLimitStoreOptions {
  /** What stands before each key, as it is. Each store needs its own where several limit the same clients. Default: `'rl:'`, that of rate-limit-redis. */
  prefix?: string
  /** The deadline of each call in ms. Default: `100`. */
  timeoutMs?: Duration
  /**
   * What happens where Redis has not answered by then. `'local'`: hits are counted in the memory of this process, for up to 10 000 clients, and told to Redis
   * when it is back, with the client's next hit; what was sent and not answered is not told again. `'reject'`: the call rejects, and express-rate-limit does what its `passOnStoreError` says.
   * Default: `'local'`.
   */
  onUnavailable?: 'local' | 'reject'
}

export interface RateLimitHits {
  /** With this one, and beyond the limit. */
  totalHits: number
  /** When the window ends, by the clock of this machine. */
  resetTime: Date
}

/**
 * A store for express-rate-limit 8, in the place of rate-limit-redis. A window begins with the first hit and ends for all of them at once; each key has a TTL from its first hit on. One store serves one
 * `rateLimit`.
 *
 * It heals by itself, also where Redis was away from the start. That it counts alone is told once for each code as the warning `REDWRIGHT_LIMIT_STORE_ALONE`, and
 * each time by the channel `redwright:limit:store-alone`. The client is not closed by it.
 *
 * @example
 * ```ts
 * app.use(rateLimit({ limit: 100, windowMs: 60_000, store: new RateLimitStore(redis, { prefix: 'api:' }) }))
 * ```
 */
export class RateLimitStore {
  /** @throws TypeError, RangeError for what is wrong in the options */
  constructor(limiter: RateLimiter | Redis, options?: RateLimitStoreOptions)
  /** Others count the same keys. */
  readonly localKeys: boolean
  readonly prefix: string
  /** Called by express-rate-limit. @throws RangeError for a `windowMs` that is not from 1 ms to 366 days */
  init(options: { windowMs: number }): void
  /** `undefined` where nothing is counted. Round trips: 1. */
  get(key: string): Promise<RateLimitHits | undefined>
  /** Round trips: 1. Never sent again. */
  increment(key: string): Promise<RateLimitHits>
  /** Takes one hit back, never below 0; of a client that is not counted, none. Round trips: 1. */
  decrement(key: string): Promise<void>
  /** Rejects while Redis is away, whatever `onUnavailable` says. Round trips: 1. @throws RedwrightError */
  resetKey(key: string): Promise<void>
  /** Forgets all keys that begin with the prefix, found by `SCAN`. Rejects while Redis is away. @throws RedwrightError */
  resetAll(): Promise<void>
}

// ---- response cache ---------------------------------------------------------------------------------------------------

/** What is read of a request: that of `node:http`, Connect and Express 4 and 5. */
export interface CacheRequest {
  method?: string | undefined
  url?: string | undefined
  /** Before routers shortened `url`. */
  originalUrl?: string | undefined
  headers: { [name: string]: string | string[] | undefined }
  socket: object
}

/** What is used of a response: that of `node:http`, Connect and Express 4 and 5. Its `writeHead`, `write` and `end` are taken over while a handler answers. */
export interface CacheResponse {
  statusCode: number
  statusMessage?: string | undefined
  readonly headersSent: boolean
  getHeader(name: string): number | string | string[] | undefined
  getHeaderNames(): string[]
  setHeader(name: string, value: any): unknown
  removeHeader(name: string): void
  writeHead(...args: any[]): unknown
  write(...args: any[]): boolean
  end(...args: any[]): unknown
  on(event: string, listener: (...args: any[]) => void): unknown
  removeListener(event: string, listener: (...args: any[]) => void): unknown
}

export interface CacheMiddlewareOptions<Req = CacheRequest, Res = CacheResponse> {
  /**
   * How long a response is fresh that says nothing itself (`Cache-Control: s-maxage` or `max-age`, `CDN-Cache-Control`, `Expires`). In seconds as a number; 0 stores none of these. At most a year. Needed but in mode `'http'`.
   */
  ttl?: Duration
  /**
   * - `'ttl'`: what the route is given is fresh for `ttl`, and what a client asks for by `Cache-Control` makes no difference. What is not fresh any more is made anew.
   * - `'http'`: a shared cache of RFC 9111: `Cache-Control` of requests is followed, and what is not fresh any more is validated: the handler gets
   *   `If-None-Match` and `If-Modified-Since`, and its 304 becomes the stored body. What can be validated is kept for an hour behind its time.
   *
   * Default: `'ttl'`.
   */
  mode?: 'ttl' | 'http'
  /** Whether a response that says nothing of its freshness, and has a `Last-Modified`, is fresh for a tenth of the time since then, RFC 9111 section 4.2.2. In mode `'http'`. Default: `false`. */
  heuristic?: boolean
  /**
   * Names the page: a string of 1 to 65 536 bytes; what it throws goes to `next`. It has to tell apart all that get different pages, people too. Default: target, with the query's parameters in the order of their names,
   * and origin.
   */
  keyGenerator?: (req: Req) => string
  /** Which parameters of a query make another page: all, none, or these. For the default key. Default: `true`. */
  query?: boolean | readonly string[]
  /**
   * Request fields that make another page whatever the response's `Vary` says: with `['authorization']` each credential gets pages of its own. Default: none.
   */
  vary?: readonly string[]
  /** Tags of a response, asked when its head is known, for `invalidateByTag`. At most 256. One that throws leaves the response unstored. Default: none. */
  tags?: (req: Req, res: Res) => readonly string[]
  /** Requests for which it is truthy are neither answered from the store nor stored. */
  skip?: (req: Req) => unknown
  /** Statuses that are stored for `ttl`, too, 200 to 599: errors are not, unless named here, or (in mode `'http'`) fresh by their own word. Default: 200, 203, 204, 300, 301, 308, and others below 400 that say themselves how long they are fresh. */
  statuses?: readonly number[]
  /** The largest body that is stored, in bytes. 1 to 64 MiB. Default: 4 MiB. */
  maxBody?: number
  /** How many variants of a page there may be, by `Vary`. 1 to 2²⁴; those whose hashes meet replace each other. Default: `256`. */
  maxVariants?: number
  /** Stores responses that set a cookie, without the cookie. Default: `false`: they are not stored. */
  stripSetCookie?: boolean
  /** Whether a `Cookie` makes no difference to a page. Default: `false`: what is answered to a request with one is stored only where it says itself how long it is fresh, or that it is `public`. */
  ignoreCookies?: boolean
  /** Stores texts of 1 KiB and more in br and gzip, too, made once, off the JavaScript thread. Default: `false`. */
  compress?: boolean
  /** For how long behind its time a response is given while the handler is asked again behind that, RFC 5861; where the response does not say. Default: `0`. */
  staleWhileRevalidate?: Duration
  /** For how long behind its time a response stands in for an error (a status of 500 and above), RFC 5861; where the response does not say. Default: `0`. */
  staleIfError?: Duration
  /** Whether a POST, PUT, DELETE or PATCH that succeeds takes away what is stored of its URL, and of `Location` and `Content-Location` of the same origin, before its client hears of it. Default: `true`. */
  invalidateOnWrite?: boolean
  /** How long a request waits while another loads the page, in this process or elsewhere; then it loads by itself. In ms; 0 for not at all. Default: `5000`. */
  waitMs?: Duration | 0
  /** What it is called in `Cache-Status`, and in `<name>-Cache-Control`. A letter, then letters, digits, `_`, `-` or `.`; at most 64. Default: `'redwright'`. */
  cacheName?: string
  /** Where it is stored. Default: that of {@link CacheOptions}. */
  prefix?: string
  /** Default: `'http'`. */
  namespace?: string
  /** Keeps hot pages in memory, see {@link NearOptions}; `copy` makes no difference. Routes with the same `prefix`, `namespace`, `near` and `timeoutMs` share them. Default: `false`. */
  near?: boolean | NearOptions
  /** How long a request waits for Redis before the application answers by itself, in ms. After five in a row nobody waits for a second. Default: `40`. */
  timeoutMs?: Duration
  /** Told what failed while a client was served all the same. */
  onError?: (error: unknown) => void
}

/** What is taken away: a page by its URL (a path is meant on every host, at the price of a walk over the keys), pages whose path begins so, one of a `keyGenerator`, or all with a tag. */
export type CacheTarget = string | { url: string } | { prefix: string } | { key: string } | { tag: string }

/** Why a request is, or would be, answered as it is. */
export interface CacheExplanation {
  outcome: 'hit' | 'stale' | 'revalidated' | 'stale-on-error' | 'miss' | 'pass'
  /** The `detail` of `Cache-Status`: why nothing was stored or given. */
  detail: string | null
  /** The same in words, and what to do. */
  reason: string | null
  /** Of a request that was not answered yet. */
  key: string | null
  ageMs: number | null
  /** Below 0 for what is stale. */
  ttlMs: number | null
}

/** What a cache of responses has counted, over all routes that share it. */
export interface CacheResponseMetrics {
  hits: number
  /** Given behind their time. */
  staleHits: number
  /** The handler was asked. */
  misses: number
  /** The handler said that what was stored still holds. */
  revalidated: number
  /** Answered by the application without being looked at. */
  passes: number
  stores: number
  /** Responses that were not stored. */
  refusals: number
  /** Responses whose connection closed before they had ended. */
  aborted: number
  /** Pages that were taken away. */
  invalidations: number
  /** What was stored and could not be read. */
  unreadable: number
  /** Large bodies of which a part was gone. */
  lostBodies: number
  /** Stored responses that stood in for an error. */
  staleOnError: number
  /** Handlers that were asked behind a client. */
  refreshes: number
  failures: number
}

/** A request handler of Connect and Express that answers from the store. */
export interface CacheHandler<Req = CacheRequest, Res = CacheResponse> {
  (req: Req, res: Res, next: (error?: any) => void): void
  /** How many entries were taken away. From when it resolves, nobody who asks gets what was stored before. */
  purge(what: CacheTarget): Promise<number>
  invalidateByTag(tag: string): Promise<number>
  /** For people: one of the requests that were answered, or one that was not. One round trip for the latter, two with `Vary`. */
  explain(req: Req): Promise<CacheExplanation>
  metrics(): CacheResponseMetrics
}

/**
 * Answers GET and HEAD from responses that were stored before, and stores what the handlers behind it answer, byte for byte, by whatever means.
 *
 * ```js
 * app.get('/users/:id', cacheMiddleware(redis, { ttl: 3600 }), (req, res) => res.json(users.get(req.params.id)))
 * ```
 *
 * Never stored are: responses that set a cookie, are `private` or `no-store`, vary by `*`, are errors, were cut off, lie about their length, or are too large; and what was answered to a request with `Authorization`
 * (or `req.user`) unless it says `public` or `s-maxage`, or `vary` keys by it. `Cache-Status` (RFC 9211) tells why, {@link CacheHandler.explain} in words.
 *
 * Of many that ask for a page that is not there one asks the handler, over all processes; the others wait for it up to `waitMs`. A hit is one round trip (two with `Vary`, none with `near`); a miss two more. Bodies above 64 KiB are read in parts of
 * 256 KiB, no faster than the client takes them. While Redis cannot serve, the application does, uncached.
 *
 * @throws TypeError, RangeError for options that are none.
 */
export function cacheMiddleware<Req = CacheRequest, Res = CacheResponse>(redis: Redis | TypeSafeCache, options: CacheMiddlewareOptions<Req, Res>): CacheHandler<Req, Res>

// ---- sessions ----------------------------------------------------------------------------------------------------------

/** What is used of the session that a store is handed: that of express-session, of @fastify/session, or a plain object. */
export interface StoredSession {
  cookie: {
    /** When the session ends. Where it is none, or no valid date, the `ttl` of the store counts. */
    expires?: Date | string | null | undefined
    originalMaxAge?: number | null
    [term: string]: any
  }
  [key: string]: any
}

/** A request whose session a store keeps: of Express with express-session, or of Fastify with @fastify/session. */
export interface SessionRequest {
  session: any
  sessionID?: string
}

/** One of the keys that two requests have changed differently, in a session that both have loaded. Values are those of JSON, and `undefined` where the key is not there. */
export interface SessionConflict {
  key: string
  /** What both have loaded. */
  base: unknown
  /** What the request that saves has made of it. */
  mine: unknown
  /** What another one has stored meanwhile. */
  theirs: unknown
}

export interface SessionStoreOptions extends SessionOptions {
  /**
   * What happens where a request saves a session that another one has written since it was loaded:
   *
   * | | |
   * |---|---|
   * | `'merge'` | keys that only one of them has changed are kept from both; `merge` decides on the others |
   * | `'last-write'` | the session becomes what this request has, as in other stores |
   * | `'reject'` | it stays as it is; the event `write-refused` tells it |
   *
   * In none of them a session comes back that was destroyed or is over. Default: `'merge'`.
   */
  conflict?: 'merge' | 'last-write' | 'reject'
  /**
   * Which value a top-level key gets that both have changed differently, with `conflict: 'merge'`. `'delta'` adds what each has added to a number, so that counters lose nothing, and is
   * `'mine'` for all else. A function gives the value, or `undefined` for none; it is called again where yet another request comes first. Default: `'mine'`.
   */
  merge?: 'mine' | 'theirs' | 'delta' | ((conflict: SessionConflict) => unknown)
  /** For how many ms an id that was changed by `rotate` leads to the new one, so that requests under way with the old cookie land in the same session; 0 for not at all. Default: `10000`. */
  rotationGraceMs?: Duration
  /**
   * Whether the events `connect` and `disconnect` are emitted. express-session takes them for a word on whether there are sessions: while Redis is away requests then go on **without**
   * `req.session`. Without it each request that has a cookie is answered by an error, of status 503, inside the deadline. Default: `false`.
   */
  emitConnection?: boolean
  /**
   * The prefix of sessions that connect-redis has left, `'sess:'` by default there. They are read where they are, and moved by the first touch or save. In a cluster that takes two steps, the new key first. Default: none are looked for.
   */
  legacyPrefix?: string
  /** How long a session lives whose cookie ends with the browser, anew from each request on, in seconds as a number; any other lives as long as its cookie. Default: `'1d'`. */
  ttl?: Duration
}

/** A session of a user, as a list of devices shows it. `meta` is what `bind` was told, `data` what the session holds without its cookie. */
export interface UserSession extends ListedSession {
  /** Whether it is that of the request that was given. */
  readonly isCurrent: boolean
}

/**
 * A store for express-session 1.19 and @fastify/session 11, in the place of connect-redis.
 *
 * - A log-out is final: a request that was under way cannot bring the session back, neither by a save nor by a touch.
 * - Requests at the same time do not lose what each has written, see `conflict`.
 * - Ids are hashed at rest; no key, command, error or event holds one.
 * - Sessions live as long as their cookies, to the millisecond.
 *
 * Methods with a callback call it once, and otherwise give a promise. Errors that may pass by themselves (`retryable`) have the `status` and `statusCode` 503, so that Express and Fastify
 * answer with it.
 *
 * A save that is refused is no error, since the response is on its way: the event `write-refused` tells it, and `metrics()` counts those that came too late. express-session itself need not be installed where
 * Fastify is used.
 *
 * @example
 * ```ts
 * app.use(session({ secret, resave: false, saveUninitialized: false, store: new SessionStore(redis) }))
 *
 * app.post('/login', async (req, res) => {
 *   const user = await check(req.body)
 *   req.session.user = user.id
 *   await store.bind(req, user.id, { browser: req.get('user-agent') })
 *   res.redirect('/')
 * })
 * app.post('/logout-everywhere', async (req, res) => {
 *   await store.destroyAllForUser(req.session.user, { except: req })
 *   res.redirect('/')
 * })
 * ```
 */
export class SessionStore extends EventEmitter {
  /** @throws TypeError, RangeError for what is wrong in the options */
  constructor(redis: Redis, options?: SessionStoreOptions)

  /** `null` where there is none. Round trips: 1. */
  get(sid: string): Promise<StoredSession | null>
  get(sid: string, callback: (error: any, session?: any) => void): void
  /**
   * Stores what a request has made of its session. Where nothing but the cookie differs from what was loaded, it is a `touch`. Round trips: 1, and 1 for each time that another one came first.
   * @throws RedwrightError `ERR_BUSY` where others came first for longer than the deadline
   */
  set(sid: string, session: object): Promise<void>
  set(sid: string, session: object, callback: ((error?: any) => void) | undefined): void
  /** Lets a session live on for as long as its cookie, which is stored. Of one that another request has written since, neither the cookie nor the end is taken back. Round trips: 1. */
  touch(sid: string, session: object): Promise<void>
  touch(sid: string, session: object, callback: (() => void) | undefined): void
  /** Ends a session for good, under each id that leads to it. Round trips: 1. */
  destroy(sid: string): Promise<void>
  destroy(sid: string, callback: ((error?: any) => void) | undefined): void
  /** All sessions, each with its name at rest as `id`. Meant for tests and scripts: it holds all of them in memory. */
  all(): Promise<(StoredSession & { id: string })[]>
  all(callback: (error: any, sessions?: any) => void): void
  /** How many sessions there are, found by `SCAN`. */
  length(): Promise<number>
  length(callback: (error: any, length?: number) => void): void
  /** Ends all sessions of this namespace. None that was loaded before comes back. */
  clear(): Promise<void>
  clear(callback: ((error?: any) => void) | undefined): void

  /** Called by express-session. */
  createSession(req: any, session: any): any
  load(sid: string, callback: (error: any, session?: any) => any): void
  regenerate(req: any, callback: (error?: any) => any): void

  /**
   * Gives the session of a request a new id, and keeps what it holds. `req.session` is another object afterwards; the cookie is sent with the response. Round trips: 2.
   * @returns `false` where the session was destroyed or over: the new one then has what this request has changed, and nothing else
   * @throws TypeError where the request has no session of this store
   */
  rotate(req: SessionRequest, options?: {
    /** Default: `rotationGraceMs` of the store. */
    graceMs?: Duration
  }): Promise<boolean>
  /**
   * Says whose session this is, after a login: gives it a new id, without grace, so that an id that somebody planted leads nowhere, stores it, and lists it under the user. Round trips: 4.
   * @param meta what a list of devices shall tell: browser, address, place. An object as JSON, up to 64 KiB
   * @throws RedwrightError `ERR_SESSION_LIMIT` with `onLimit: 'refuse'` where the user has too many sessions; the request then has a new, empty session
   */
  bind(req: SessionRequest, userId: string, meta?: object): Promise<{
    /** How many sessions of the user had to go. */
    evicted: number
  }>
  /** The sessions of a user that are alive, the one seen last first. */
  listForUser(userId: string, options?: {
    /** Whose session `isCurrent`. One more round trip. */
    current?: SessionRequest
  }): Promise<UserSession[]>
  /** Ends one that `listForUser` has told. `false` where the user has none such. */
  destroyListed(userId: string, handle: string): Promise<boolean>
  /** Ends all sessions of a user. @returns how many */
  destroyAllForUser(userId: string, options?: {
    /** The request, or the id, whose session stays. */
    except?: SessionRequest | string
  }): Promise<number>
  /** Plain counters of this object, no I/O. */
  metrics(): SessionMetrics

  on(event: 'write-refused', listener: (told: { reason: 'destroyed' | 'expired' | 'conflict' }) => void): this
  on(event: 'connect' | 'disconnect', listener: () => void): this
  on(event: string | symbol, listener: (...args: any[]) => void): this
}
