import type { Duration, RateLimitAlgorithm, RateLimitDecision, RateLimiter, RateLimitPolicy, RateLimitResult, Redis } from './index'

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
