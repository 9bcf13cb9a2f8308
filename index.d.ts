/// <reference types="node" />
import { EventEmitter } from 'node:events'

/**
 * A span of time. A number is in **seconds** where the option is called `ttl`, and in **milliseconds** everywhere else, also where the `ttl` is a lock's.
 * A string names its own unit: `'250ms'`, `'10s'`, `'5m'`, `'2h'`, `'7d'`.
 *
 * Zero, negative, `NaN` and anything below one millisecond throws a `RangeError` before a byte is sent; only a `ttl` of `0`
 * has a meaning, "do not store". A `ttl` that never ends must be asked for by name: `Infinity`. The longest `ttl` with an end is a hundred
 * years, every other span ends at 24.8 days.
 */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

// ---- errors ----------------------------------------------------------------------------------------------------------

/**
 * What went wrong, as a stable code.
 *
 * | code | meaning | retryable |
 * |---|---|---|
 * | `ERR_TIMEOUT` | sent, and no reply came before the deadline; from `Redis.connect`, no handshake came to its end | yes |
 * | `ERR_UNAVAILABLE` | no connection, or it was lost before the reply came | yes |
 * | `ERR_CIRCUIT_OPEN` | the client's circuit breaker is open, because the server did not answer lately; nothing was sent | yes |
 * | `ERR_LOAD_TIMEOUT` | the fetcher of `getOrSet` took longer than `hardTimeoutMs` | no |
 * | `ERR_BUSY` | `maxPending` operations are already waiting, and nothing was sent; or another holds the lock; or a session was written again and again while it was to be | yes |
 * | `ERR_LOCK_LOST` | a lock was over, or another's, before it was given back; `reason` says how | no |
 * | `ERR_SESSION_LIMIT` | the user has as many sessions as he may have, and `onLimit` is `'refuse'` | no |
 * | `ERR_SERVER` | the server answered with an error; `serverCode` is its first word (`WRONGTYPE`, `OOM`, …) | some |
 * | `ERR_AUTH` | the server refused the user name or password | no |
 * | `ERR_TLS` | no encrypted connection: a certificate that is expired, foreign, for another name, missing or refused, or an end that speaks no TLS | no |
 * | `ERR_PROTOCOL` | what answers at that address does not speak the Redis protocol, or a reply cannot be read | no |
 * | `ERR_CLOSED` | the client was closed | no |
 * | `ERR_INTERNAL` | a defect in Redwright, caught; please report it | no |
 */
export type RedwrightErrorCode =
  | 'ERR_TIMEOUT'
  | 'ERR_UNAVAILABLE'
  | 'ERR_CIRCUIT_OPEN'
  | 'ERR_LOAD_TIMEOUT'
  | 'ERR_BUSY'
  | 'ERR_LOCK_LOST'
  | 'ERR_SESSION_LIMIT'
  | 'ERR_SERVER'
  | 'ERR_AUTH'
  | 'ERR_TLS'
  | 'ERR_PROTOCOL'
  | 'ERR_CLOSED'
  | 'ERR_INTERNAL'

/**
 * Every error that comes from a server or from the way to it. Its message never holds a password or a value, but for what a script of yours
 * puts into its own error.
 *
 * Wrong arguments are `TypeError`s and `RangeError`s with the code `ERR_INVALID_ARG`, and nothing has been sent then.
 */
export class RedwrightError extends Error {
  constructor(code: RedwrightErrorCode, message: string, details?: RedwrightErrorDetails)
  readonly name: 'RedwrightError'
  readonly code: RedwrightErrorCode
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean
  /** `true` when the command was sent and no reply came back: it may have been executed, or not. */
  readonly maybeExecuted: boolean
  /** The first word of the server's own error (`WRONGTYPE`, `OOM`, `NOPERM`, …), with `ERR_SERVER` and `ERR_AUTH`. */
  readonly serverCode?: string
  /** How a lock was lost, with `ERR_LOCK_LOST`. */
  readonly reason?: LockLossReason
  /** When the lock may be free, in ms, with the `ERR_BUSY` of a lock, where that is known. */
  readonly retryAfterMs?: number
}
export interface RedwrightErrorDetails {
  retryable?: boolean
  maybeExecuted?: boolean
  serverCode?: string
  reason?: LockLossReason
  retryAfterMs?: number
  cause?: unknown
}

// ---- circuit breaker --------------------------------------------------------------------------------------------------

/**
 * `closed`: everything passes. `open`: nothing passes. `half-open`: the time for which it stays open is over, one operation passes as a probe,
 * and its outcome closes it or opens it again.
 */
export type CircuitBreakerState = 'closed' | 'open' | 'half-open'

/** When a circuit opens, and for how long. */
export interface CircuitBreakerOptions {
  /**
   * So many failures in a row open it; a success in between begins a new row. 1 to 1 000 000. Default: `5`, and none where an `errorRate` is
   * given without it. With both, whichever comes first opens it.
   */
  threshold?: number
  /** A share of failures among the calls of the last `windowMs` that opens it; above 0, up to 1. Default: none. */
  errorRate?: number
  /** How far back `errorRate` looks, in ms; it moves on by a tenth at a time. Default: `10000`. */
  windowMs?: Duration
  /** With fewer calls than this in the window, `errorRate` says nothing. 1 to 1 000 000. Default: `20`. */
  minimumCalls?: number
  /**
   * How long it stays open, in ms; up to a fifth of it, drawn at random, is taken off, so that many processes do not probe in step. A probe
   * without an outcome for as long gives its place to another. Default: `30000`; `1000` for the breaker of a client.
   */
  openMs?: Duration
}

/**
 * Stops calling what keeps failing, and finds out by a single call whether it is well again. States as in Nygard, "Release It!" (2007). For
 * operations of any kind; a {@link Redis} has one of its own (`breaker`).
 *
 * Events: `open` with the error that opened it, `halfOpen`, `close`. Time is that of `performance.now()`.
 *
 * @example
 * ```ts
 * const breaker = new CircuitBreaker(3, '10s')
 * const rates = (await breaker.execute(() => fetchRates())) ?? yesterdaysRates
 * ```
 */
export class CircuitBreaker extends EventEmitter {
  /**
   * @param threshold failures in a row that open it. Default: `5`
   * @param timeoutMs how long it stays open, in ms, as `openMs`. Default: `30000`
   */
  constructor(threshold?: number, timeoutMs?: Duration)
  /**
   * `isFailure` tells which errors count; the others count as successes, since something answered. Where it throws itself, the error counts.
   * Default: all count.
   */
  constructor(options: CircuitBreakerOptions & { isFailure?: (error: unknown) => boolean })
  readonly state: CircuitBreakerState
  /**
   * Runs an operation and gives what it gives; when it fails, rejects with its own error, unchanged. While the circuit is open, and while
   * another operation probes, it resolves to `null` and does not run it. What began before the circuit turned has no say in its state
   * afterwards.
   */
  execute<T>(operation: () => Promise<T> | T): Promise<T | null>
  on<E extends keyof CircuitBreakerEvents>(event: E, listener: (...args: CircuitBreakerEvents[E]) => void): this
  once<E extends keyof CircuitBreakerEvents>(event: E, listener: (...args: CircuitBreakerEvents[E]) => void): this
  off<E extends keyof CircuitBreakerEvents>(event: E, listener: (...args: CircuitBreakerEvents[E]) => void): this
}
export interface CircuitBreakerEvents {
  /** It has opened, and the failure that opened it. */
  open: [error: unknown]
  /** A probe passes. */
  halfOpen: []
  /** The probe has succeeded. */
  close: []
}

// ---- connection ------------------------------------------------------------------------------------------------------

/** Where a server is. */
export interface Address {
  host: string
  /** 1 to 65 535. Default: `6379`, and `26379` for a sentinel. */
  port?: number
}

/** How a cluster is found and read. */
export interface ClusterOptions {
  /** Some of its nodes, of which one that answers is enough. Required unless the URL names them. */
  nodes?: readonly Address[]
  /**
   * Who answers reads (`get`, `lookup`, `getMany`, `exists`, and of `command` those that are known to change nothing): masters, replicas (a
   * master where none stands), or both in turn. Replicas lag: with anything but `'master'` a read may miss a write that was
   * acknowledged before it. Default: `'master'`.
   */
  scaleReads?: 'master' | 'replica' | 'all'
  /** How an address that the nodes tell, `'host:port'`, is reached from here, where that differs. */
  natMap?: Readonly<Record<string, Address>>
}

/**
 * How to encrypt, and whom to trust. Names are those of `node:tls`, texts are PEM. TLS 1.2 and 1.3.
 *
 * The certificate of the server is always checked: its time, its name, and who issued it.
 */
export interface TlsOptions {
  /** The certificates of the authorities to trust, instead of the system's: a text with one or more, or several texts. */
  ca?: string | Uint8Array | readonly (string | Uint8Array)[]
  /** The client's certificate, its chain behind it; needs `key`. */
  cert?: string | Uint8Array
  /** The key of `cert`, not encrypted: RSA of 2048 to 4096 bits, EC over P-256 or P-384, Ed25519. */
  key?: string | Uint8Array
  /** The name, or IP address, that the server's certificate must hold. Default: the host that is connected to. */
  servername?: string
}

/** Who a client is. */
export interface Credentials {
  /** ACL user. Default: the server's `default` user. */
  username?: string
  password: string
  /**
   * How long they are good for, in ms; others are asked for when four fifths of it have passed. Up to 24.8 days. Default: until the server
   * refuses them.
   */
  ttlMs?: Duration
}

/** Options of a client. Names are those that ioredis users know; what is not here is refused by name. */
export interface RedisOptions {
  /**
   * Where the server is: `redis://[[user]:password@]host[:port][/db]`, `redis+unix:///path/to.sock[?db=0]` (or `unix://…`),
   * `redis+cluster://[[user]:password@]host[:port][,…]`, `redis+sentinel://[[user]:password@]host[:port][,…]/name[/db]`, or `embedded://` for
   * a private server of this process. With TLS `rediss://…`, `rediss+cluster://…`, `rediss+sentinel://…`; `valkey` may stand for `redis`.
   * Options beside it win over its parts.
   */
  url?: string
  /** Default: `'127.0.0.1'`. */
  host?: string
  /** Default: `6379`. */
  port?: number
  /** The path of a unix socket, at most 107 bytes (103 on macOS); excludes `host` and `port`. */
  path?: string
  /**
   * Encrypts: `true` with the system's authorities and no certificate of one's own. Default: as the `url` says. Not for unix sockets and
   * `embedded://`.
   */
  tls?: boolean | TlsOptions
  /** ACL user; without a `password` one that needs none (`nopass`). Default: the server's `default` user. */
  username?: string
  password?: string
  /**
   * Tells who to be, in place of `username` and `password`, and over those of a `url`: for passwords that change. Called when the client
   * connects first, when a server refuses what it gave last, and when that nears its end (`ttlMs`); standing connections then present the new
   * ones with `AUTH`. Several connections share one answer.
   *
   * No operation waits for it longer than for its deadline. One that throws, or does not answer in time, is called again with the pauses of
   * `reconnect`; meanwhile operations reject with `ERR_UNAVAILABLE`, which tells the name of what was thrown and never its message.
   */
  credentials?: () => Credentials | Promise<Credentials>
  /** The database to select, 0 to 255. Default: `0`. */
  db?: number
  /** What `CLIENT LIST` shows: printable ASCII without spaces. Default: none. */
  connectionName?: string
  /**
   * Nodes of a cluster; excludes `host`, `port`, `path` and sentinels. The others are learnt from them. Beside a URL `redis+cluster://…` the
   * nodes are the URL's. See {@link ClusterOptions}.
   */
  cluster?: ClusterOptions
  /** The sentinels that know the master; excludes `host`, `port`, `path` and `cluster`. Default of each `port`: `26379`. */
  sentinels?: readonly Address[]
  /** What the sentinels call the master. Required with `sentinels`. */
  name?: string
  /** Who asks the sentinels, where they want to know. Default: nobody; the server's own credentials are never sent to a sentinel. */
  sentinelUsername?: string
  sentinelPassword?: string
  /**
   * Connections to the server, or to each node of a cluster, 1 to 64. What concerns one key goes over one of them, so its order is kept.
   * Default: `1`, which is enough unless values are large.
   */
  poolSize?: number
  /** RESP version. Default: `3`, and `2` where the server does not know `HELLO`. */
  protocol?: 2 | 3
  /**
   * How long one attempt to connect may take, from the name look-up to the end of the handshake, in ms. Default: `5000`.
   */
  connectTimeout?: Duration
  /**
   * The deadline of an operation in ms, over queueing, reconnecting and the reply together. With `embedded://` the start of the server, once a
   * process, comes on top. Default: `2000`.
   */
  commandTimeout?: Duration
  /**
   * How many operations of this client may wait for their reply at once; one more rejects with `ERR_BUSY` at once.
   * 1 to 1 000 000. Each takes some 11 KB
   * while it waits. Default: `16384`.
   */
  maxPending?: number
  /**
   * How long to wait between attempts to reconnect, in ms: doubling from `minMs` to `maxMs`, each wait drawn between half
   * of it and the whole ("equal jitter", Brooker 2015, AWS Architecture Blog). It never gives up. Default: 50 to 3000.
   */
  reconnect?: { minMs?: Duration; maxMs?: Duration }
  /**
   * A link that has been silent for this long, in ms, is asked with `PING`; one that stays silent for as long again
   * is given up and made anew, so that a half-open link heals by itself, two to three such spans after its last reply. Default: `2000`.
   */
  watchdogMs?: Duration
  /** Delay before TCP keep-alive probes, in ms. Default: `30000`. */
  keepAlive?: Duration
  /**
   * The circuit breaker that all operations of this client share: after `threshold` operations in a row whose whole deadline passed in vain
   * (`ERR_TIMEOUT`, `ERR_UNAVAILABLE` of what was never sent, and `LOADING`, `MASTERDOWN` or `CLUSTERDOWN` up to the deadline) the next ones
   * reject at once with `ERR_CIRCUIT_OPEN`. A connection that becomes ready, a successful `health()` or `ping()`, or a successful probe closes it.
   * `connect`, `health` and `ping` always pass and never open it. Default: `true`, that is `{ threshold: 5, openMs: 1000 }`.
   */
  breaker?: boolean | CircuitBreakerOptions
}

export type RedisStatus = 'idle' | 'connecting' | 'ready' | 'reconnecting' | 'closing' | 'closed'

export interface ServerInfo {
  product: 'redis' | 'valkey' | 'unknown'
  /** The product's own version, such as `'7.0.15'`; `''` until the first connection stands. */
  version: string
  mode: 'single' | 'sentinel' | 'cluster'
}

/** A histogram over powers of two: `buckets[i]` counts what took less than `2^i` microseconds and not less than half of that. */
export interface Histogram {
  count: number
  /** Upper bounds, in microseconds, read off the buckets: exact to a factor of two. */
  p50Us: number
  p99Us: number
  maxUs: number
  buckets: number[]
}

/** Plain numbers since the client was made; reading them costs no I/O. */
export interface Metrics {
  /** Operations that wait for their reply now. */
  pending: number
  /** Operations begun. */
  operations: number
  /** Operations that ended in a reply. */
  succeeded: number
  /** Operations that ended in an error, `timeouts` among them. */
  failed: number
  timeouts: number
  /** Operations refused because `maxPending` was reached. */
  refused: number
  /** Operations ended by an `AbortSignal`. */
  cancelled: number
  /** Connections that stood, the first one among them. */
  connections: number
  /** Attempts to connect that failed. */
  connectFailures: number
  /** Links given up because they were silent. */
  watchdogTrips: number
  /** What is known of the server, or of each node of the cluster. */
  nodes: NodeMetrics[]
  /** The circuit breaker: its state now, how often it has opened, and how many operations it has refused. They are not among `operations`. */
  breaker: { state: CircuitBreakerState; opened: number; rejected: number }
  /** From taking up an operation on the I/O thread to its reply, of those that `succeeded`. */
  latency: Histogram
}

/** What is known of one server, without asking it. */
export interface NodeMetrics {
  /** `host:port` or the path of a socket; with sentinels, of the master that was last connected to; `''` until then. */
  address: string
  role: 'master' | 'replica'
  /** How many slots of a cluster it has. */
  slots: number
  /** Connections that stand now. */
  standing: number
  /** Connections that stood since the node was known, and attempts that failed. */
  connections: number
  connectFailures: number
  watchdogTrips: number
  /** Replies of any kind. */
  replies: number
}

export interface NodeHealth {
  address: string
  role: 'master' | 'replica'
  ok: boolean
  latencyMs: number
  memory?: { usedBytes: number; maxBytes: number; policy: string }
  error?: RedwrightError
}

export interface Health {
  /** Whether a `PING` was answered within the time, in a cluster by every master. */
  ok: boolean
  /** The round trip of that `PING`, or how long it was waited for; of several the longest. */
  latencyMs: number
  status: RedisStatus
  server: ServerInfo
  /** Each server that the client connects to; absent when none could be asked. */
  nodes?: NodeHealth[]
  /** As the server reports it; absent when it does not answer, and for a cluster. `maxBytes` is `0` where no limit is set. */
  memory?: { usedBytes: number; maxBytes: number; policy: string }
  /** Why it is not well. */
  error?: RedwrightError
}

export interface RedisEvents {
  /** The link and its handshake stand; `attempt` counts from 1 since a link stood for longer than `reconnect.maxMs`. */
  connect: { attempt: number; node: string }
  /** The server was asked what it is; operations flow. In a cluster: every master is connected. */
  ready: { server: ServerInfo }
  /** The link was lost, or an attempt failed; the attempt of this number comes after `delayMs`. */
  reconnecting: { attempt: number; delayMs: number; node: string }
  /** The circuit breaker has turned; `error` is what opened it. */
  breaker: { state: CircuitBreakerState; error?: RedwrightError }
  /** The client was closed; no event follows. */
  close: Record<string, never>
  /** Something went wrong that no operation can be told. Never throws when nobody listens. */
  error: RedwrightError
  /** Messages or invalidations may have been missed between two connections. */
  gap: { reason: string; node: string }
}

/**
 * A client of one server: one connection, held by the process's I/O thread, that reconnects by itself.
 *
 * It keeps the process alive while operations are pending, and not longer.
 *
 * @example
 * ```ts
 * const redis = await Redis.connect('redis://localhost:6379')
 * await redis.command('SET', 'greeting', 'hello', 'PX', 60_000)
 * await redis.close()
 * ```
 */
export class Redis extends EventEmitter {
  /**
   * Connects lazily, on first use.
   * @throws TypeError | RangeError for options that are wrong, with the option's name
   */
  constructor(options?: string | RedisOptions)
  /**
   * Connects now.
   * @throws RedwrightError `ERR_UNAVAILABLE`, `ERR_AUTH`, `ERR_TLS`, `ERR_PROTOCOL`, `ERR_TIMEOUT` or `ERR_SERVER` when the first attempt fails
   */
  static connect(options?: string | RedisOptions): Promise<Redis>
  readonly status: RedisStatus
  /** What the server said it is, at the last connection. */
  readonly server: ServerInfo
  /**
   * Sends any command. Round trips: 1. Never sent twice.
   *
   * Replies: bulk strings come as strings, or as `Uint8Array` where they are not UTF-8; integers as numbers, or as `bigint` above
   * 2^53; RESP3 maps as objects, sets as arrays, doubles as numbers, booleans as booleans, big numbers as
   * strings; nil as `null`; an error inside a list as a `RedwrightError` in its place.
   * Commands leave in the order in which they are given, those that wait for a connection too.
   * A list of 3 to 5 strings that begins like a published message (`message`, `subscribe`, …) cannot be told from one: it rejects with
   * `ERR_PROTOCOL`, and the connection is made anew.
   * Commands that block or change the connection (`BLPOP`, `XREAD BLOCK`, `SUBSCRIBE`, `MULTI`, `SELECT`, `CLIENT REPLY`, …) reject with a `TypeError`: the connection is shared.
   */
  command<T = unknown>(name: string, ...args: (string | number | bigint | Uint8Array)[]): Promise<T>
  /**
   * Runs a Lua script on the node of its first key, by its hash; a server that does not know it yet is sent its text in the same call. Never
   * sent twice otherwise. All keys must be given as `keys`, and in a cluster share a slot (`{…}` in their names). Replies as of `command`.
   * Round trips: 1; 2 on the first call to a server.
   */
  eval<T = unknown>(script: string, keys?: readonly string[], args?: readonly (string | number | bigint | Uint8Array)[]): Promise<T>
  /** Round trips: 1. */
  ping(): Promise<'PONG'>
  /**
   * For readiness probes: rejects for wrong options only, and answers within `timeoutMs` (default `1000`). Round trips: 1.
   */
  health(options?: { timeoutMs?: Duration }): Promise<Health>
  /** Plain counters, no I/O. */
  metrics(): Metrics
  /**
   * A second client with the same options, `options` over them. An address given replaces the address as a whole, but for TLS, which stays
   * with a new host, port, cluster or sentinels; a `url` replaces also TLS, the credentials and the database.
   */
  duplicate(options?: RedisOptions): Redis
  /**
   * Waits for what is pending, up to `timeoutMs` (default `2000`), then quits. Later calls reject with `ERR_CLOSED`. Idempotent.
   */
  close(options?: { timeoutMs?: Duration }): Promise<void>
  /** The same as `close`. */
  quit(options?: { timeoutMs?: Duration }): Promise<void>
  /**
   * Closes this client when the process is told to end, and lets the signal do its work afterwards: pending operations are answered, up to
   * `timeoutMs` (default `2000`), and then the signal is raised anew, so that the process ends by it (a shell shows 143 for SIGTERM and 130 for
   * SIGINT). All clients that asked for it are closed before. A second signal does not wait. `signals`: default both.
   *
   * Where somebody else listens to the signal when it comes, it is not raised anew: to end the process is theirs then.
   *
   * Returns what undoes it; `close()` undoes it too, and another call replaces it.
   * @throws TypeError in a worker thread, which gets no signals
   */
  closeOnSignal(options?: { signals?: readonly ('SIGTERM' | 'SIGINT')[]; timeoutMs?: Duration }): () => void
  on<E extends keyof RedisEvents>(event: E, listener: (info: RedisEvents[E]) => void): this
  once<E extends keyof RedisEvents>(event: E, listener: (info: RedisEvents[E]) => void): this
  off<E extends keyof RedisEvents>(event: E, listener: (info: RedisEvents[E]) => void): this
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * The one client of this process (of this worker thread, in one), made on the first call from `REDIS_URL`, or from `REDIS_HOST`,
 * `REDIS_PORT`, `REDIS_USERNAME`, `REDIS_PASSWORD` and `REDIS_DB`.
 */
export function getRedis(): Redis
/** Closes the client of {@link getRedis}, if there is one; the next `getRedis()` makes a new one. */
export function closeRedis(): Promise<void>
/** Three clients with the same options, for the roles that must not share a connection. */
export function createClients(options?: string | RedisOptions): {
  client: Redis
  publisher: Redis
  subscriber: Redis
  /** Closes all three. */
  close(): Promise<void>
}

// ---- cache -----------------------------------------------------------------------------------------------------------

/** How values are loaded; a cache's options stand in for what a call does not say. */
export interface LoadOptions {
  /** Life of an entry in seconds. `0` does not store, `Infinity` never expires. Default: `3600`. */
  ttl?: Duration
  /**
   * How long an entry stays behind its `ttl`, in seconds: `getOrSet` then answers with it at once while one caller in the whole fleet loads
   * again, and answers with it when that load fails. `0` for none. All other reads take a stale entry for a miss. Default: `0`.
   */
  staleTtl?: Duration
  /** Life of a loaded `null` in seconds; `0` does not store it. Default: `ttl`. */
  negativeTtl?: Duration
  /**
   * How long to wait in ms for the load while there is a stale value, before that is given; the load goes on. `0` gives a stale value at once,
   * and waits for the load where a tag was invalidated with `mode: 'expire'`. Default: `0`.
   */
  softTimeoutMs?: Duration
  /** How long a fetcher may take in ms; then the load has failed with `ERR_LOAD_TIMEOUT`, and `context.signal` aborts. `0` for no limit. Default: `0`. */
  hardTimeoutMs?: Duration
  /** How long to wait in ms for the load of another process; then the caller loads for itself and does not store. `0` does not wait. Default: `5000`. */
  waitMs?: Duration
  /** How long nobody loads again behind a stale value after a load that failed, in ms. It never lengthens the stale life. Default: `10_000`. */
  refreshThrottleMs?: Duration
  /**
   * Loads an entry again before it is stale, the likelier the less of its `ttl` is left and the longer its load took, so that one or a few of many
   * readers do (XFetch: Vattani, Chierichetti and Lowenstein, VLDB 2015). `true` for a beta of 1; a larger beta loads earlier, up to 100;
   * `false` or 0 for not at all. Default: `false`.
   */
  earlyRefresh?: boolean | number
}

export interface NearOptions {
  /** 1 to 16 777 216. Default: `10_000`. */
  maxEntries?: number
  /** In bytes as stored, with the key. Default: 64 MiB. */
  maxBytes?: number
  /**
   * How long a copy is given at the most, in ms. Where the server tells of changes that is a second line of defence; where it does not, a
   * copy is given for a second at the most. Default: `60_000`.
   */
  ttlMs?: Duration
  /**
   * How callers are kept from changing what others get. `'freeze'`: all get the same object, deeply frozen (what cannot be frozen, as bytes
   * or a `Map`, is cloned); `'clone'`: each gets its own; `'share'`: all get the same, so do not change it. What can neither be frozen nor
   * cloned, as an object of a class that a codec of yours knows, is kept by `'share'` alone. Default: `'freeze'`.
   */
  copy?: 'share' | 'freeze' | 'clone'
}

export interface CacheOptions extends LoadOptions {
  /** What it is called in metrics and events. Default: its namespace. */
  name?: string
  /** First part of every key. Default: `'cache'`. */
  prefix?: string
  /** Second part of every key; no namespace can reach another's keys. Default: `'default'`. */
  namespace?: string
  /**
   * Shortens each life by a random share of up to this much, 0 to 1, so that what was stored together does not expire
   * together. Default: `0`.
   */
  jitter?: number
  /** Keeps copies in memory of what was read, until the server says that it has changed. Default: none. */
  near?: boolean | NearOptions
  /** How values are written: as JSON, as JSON with marks for what it loses (`Date`, `Map`, `Set`, `bigint`, …), or by a codec of your own. Entries of every codec known here are read. Default: `'json'`. */
  codec?: 'json' | 'typed' | Codec
  /** What stored values must fit when they are read (Zod, Valibot, ArkType, …); you get what it makes of them, and one that does not fit is a miss. What a fetcher gives is not validated. Default: none. */
  schema?: StandardSchema
  /** Makes of a stored value that does not fit `schema` one that does; `undefined` says that nothing is to be made of it. Called once a read, its result is validated and not written back. Needs `schema`. */
  migrate?: (value: unknown) => unknown
  /** Compresses values of at least `fromBytes` bytes (default 1024) with LZ4, off the JavaScript thread. Default: `false`. */
  compress?: boolean | { fromBytes?: number }
  /** The largest value, in bytes of JSON text or of the bytes given; a larger one is a `RangeError` before sending. 1 to 67 108 864. Default: 67 108 864. */
  maxValueBytes?: number
  /** The deadline of an operation in ms; of one that takes several steps, that of each. Default: the client's `commandTimeout`. */
  timeoutMs?: Duration
  /**
   * How long a lease lasts in ms, 1 to 600 000: so long a load may take that is stored, and so long a loader that dies delays the others, unless
   * they give up waiting before (`waitMs`). Default: `10_000`.
   */
  leaseMs?: Duration
  /**
   * Told when the cache failed and the caller is served all the same (`get`, `set`), or when a load failed behind a stale value (`load`).
   * Must not throw; should it, no caller is told, and one warning is emitted (`REDWRIGHT_ON_ERROR`).
   */
  onError?: (error: Error, info: { operation: 'get' | 'set' | 'load'; key: string; namespace: string }) => void
  /** What its methods do while Redis cannot serve. Default: `'throw'`. */
  onUnavailable?: OnUnavailable
}

/**
 * What a pattern does while Redis, or the way to it, cannot serve: `'throw'` rejects with the error. `'degrade'` answers as if nothing were
 * stored (`null`, `false`, `0`, a miss) and resolves writes that were not done, or of which nobody knows whether they were; `metrics().degraded`
 * counts them.
 *
 * Degraded are `ERR_TIMEOUT`, `ERR_UNAVAILABLE`, `ERR_CIRCUIT_OPEN`, `ERR_BUSY`, `ERR_AUTH`, `ERR_TLS`, `ERR_PROTOCOL`, `ERR_CLOSED`, and an `ERR_SERVER`
 * that is about the state of the server (`LOADING`, `READONLY`, `OOM`, `MISCONF`, …). Wrong arguments, `WRONGTYPE` and `NOPERM` reject in any case.
 */
export type OnUnavailable = 'throw' | 'degrade'

export interface SetOptions {
  /** In seconds. Default: the cache's `ttl`. */
  ttl?: Duration
  /** In seconds, behind `ttl`. Default: the cache's `staleTtl`. */
  staleTtl?: Duration
  /** What `CacheManager.invalidateByTag` finds it by; at most 256 strings. */
  tags?: readonly string[]
  namespace?: string
}

export interface LookupOptions {
  namespace?: string
  /** Ends the wait; the promise then rejects with `signal.reason`. */
  signal?: AbortSignal
}

export interface Lookup<T> {
  hit: boolean
  value: T | null
  /** Whether the entry has outlived its `ttl`, or one of its tags was invalidated with `mode: 'expire'`. */
  stale: boolean
  /** Since the entry was stored; `null` where the entry does not say, as plain entries do not. */
  ageMs: number | null
  /** What is left of its `ttl`; `Infinity` where it has no end, `0` on a miss and for a stale entry. */
  ttlMs: number
}

/** What a fetcher is told, and may say. */
export interface FetchContext {
  readonly key: string
  readonly namespace: string
  /** Aborts when the load is given up (`hardTimeoutMs`). */
  readonly signal: AbortSignal
  /** The life of what is about to be given, in seconds, over the options of the call; a call whose `ttl` is `0` stores nothing all the same. */
  setTtl(ttl: Duration, staleTtl?: Duration): void
  /** Its tags, over the options of the call. To be stored with tags that are known only now, the call must have `tags`, an empty array at least or a function. */
  setTags(tags: readonly string[]): void
  /** What is about to be given is not stored; what is there already stays. */
  skip(): void
}

export interface GetOrSetOptions<T = any> extends LoadOptions {
  namespace?: string
  /** Loads anew, whatever is stored or being loaded, and stores the result. Default: `false`. */
  forceFresh?: boolean
  /** `false` loads without waiting for others that load the same; what they load is not stored then. A refresh behind a stale value has a lease all the same. Default: `true`. */
  lease?: boolean
  /** The entry's tags, or what gives them for a loaded value; at most 256 strings. */
  tags?: readonly string[] | ((value: T) => readonly string[])
  /** Ends this caller's wait with `signal.reason`; the load goes on for the others. One that is aborted already starts nothing. */
  signal?: AbortSignal
}

/** Counters since the cache was made; those named `near…` of entries and bytes are of now. */
export interface CacheMetrics {
  /** Reads that Redis answered with a fresh value. */
  hits: number
  /** Reads answered from memory. */
  nearHits: number
  /** Answers with a value that had outlived its `ttl`, or whose tag was invalidated. */
  staleHits: number
  /** Those of the hits that found a stored `null`. */
  negativeHits: number
  misses: number
  /** Calls of a fetcher. */
  loads: number
  loadFailures: number
  /** How long fetchers that gave a value took, in all, in ms. */
  loadMs: number
  /** Loads ahead of the end of a `ttl`, or behind a stale answer, that this process set out to do. */
  refreshes: number
  /** Callers that shared a load or a read already under way. */
  coalesced: number
  /** Callers that waited for a load elsewhere. */
  leaseWaits: number
  stores: number
  /** Entries found that could not be read and counted as misses: an unknown header, or bytes that are no text. */
  unreadable: number
  /** Entries found that did not fit the schema and counted as misses. */
  schemaMisses: number
  /** Times `getOrSet` went on without the cache. */
  errors: number
  /** Calls answered in place of Redis, as `onUnavailable: 'degrade'` asks for. They are neither hits nor misses. */
  degraded: number
  /** Bytes of entries received and sent, with their headers. */
  bytesRead: number
  bytesWritten: number
  nearEntries: number
  nearBytes: number
  /** Copies that had to leave memory for others. */
  nearEvictions: number
}

/**
 * A typed cache over one namespace.
 *
 * Values are stored as plain JSON under `prefix:namespace:key`, so that any other program reads them; what needs more (bytes, a stale life,
 * tags, another codec, compression) behind a header. `undefined` is never stored and `null` is a value. Keys are strings of 1 to 65 536 bytes in
 * UTF-8 without NUL.
 *
 * After the promise of a write, a deletion or an invalidation has resolved, no read that starts later, in any process, gives the old value; a
 * copy in memory (`near`) is given until the word of the server has reached this machine, and never longer than its bound.
 *
 * @example
 * ```ts
 * const cache = new TypeSafeCache(redis, { namespace: 'user', ttl: 3600 })
 * const user = await cache.getOrSet<User>('1000', () => db.users.find('1000'))
 * ```
 */
export class TypeSafeCache {
  constructor(redis: Redis, options?: CacheOptions)
  readonly namespace: string
  readonly name: string
  /**
   * The value, or `null` on a miss. Round trips: 1; 2 for an entry with a stale life; none from memory. What is asked for in one turn of the event loop is read
   * together, so `Promise.all` over `get` is about as good as {@link getMany}; what is not there may cost such a read a second one. Sent again when the link is lost on the way.
   * @throws RedwrightError `ERR_SERVER` with `serverCode` `WRONGTYPE` for a key that holds no string
   */
  get<T = unknown>(key: string, namespace?: string): Promise<T | null>
  /** The value where a copy of it is in memory (`near`), else `undefined`. Synchronous, no I/O. */
  peek<T = unknown>(key: string, namespace?: string): T | undefined
  /** The value and what is known of it, so that a stored `null` and a miss can be told apart; a stale value too. Round trips: 1. */
  lookup<T = unknown>(key: string, options?: LookupOptions): Promise<Lookup<T>>
  /**
   * With a `ttl` of `0` it deletes what is stored. Round trips: 1; with tags in a cluster 3.
   * @throws TypeError for a value that the codec cannot hold (JSON: cyclic, `bigint`, `undefined`, a function)
   * @throws RangeError for a value over `maxValueBytes`, or nested too deep; for more than 256 tags
   */
  set<T = unknown>(key: string, value: T, options?: SetOptions): Promise<void>
  /** Round trips: 1 (`UNLINK`). */
  del(key: string, namespace?: string): Promise<void>
  /** The same as `del`. */
  delete(key: string, namespace?: string): Promise<void>
  /** Whether `get` would find a value, or one that cannot be read. Round trips: 1; 2 for an entry with a stale life. */
  exists(key: string, namespace?: string): Promise<boolean>
  /**
   * The value, or on a miss what `fetcher` gives, stored.
   *
   * **One load in the whole fleet.** On a miss one caller in all processes takes a lease in Redis and loads; the others wait for its value, up to
   * `waitMs`, and then load for themselves without storing. Callers of one turn of the event loop, and those who come while a load of this process
   * holds its lease, share that load, over all caches of the same client, prefix and namespace that read with the same codec or schema, with the
   * options of the first of them; they get the very same object, so do not change it. A failing fetcher rejects all of them once, unchanged, and
   * nothing is stored; `undefined` is returned and not stored.
   *
   * **Nothing old is stored.** What is written, deleted or invalidated while the fetcher runs, in any process, breaks the lease: what was loaded
   * goes to those who waited already and is not stored, and later callers load anew.
   *
   * When the cache cannot be read the fetcher runs all the same, nothing is stored, and `onError` is told; so it is when the value cannot be
   * stored. A fetcher that asks for its own key waits for itself. It runs in the `AsyncLocalStorage` context of the caller whose it is.
   * Round trips: 1 on a hit (none from memory), 3 on a miss, 4 at times for those that are read together; with tags in a cluster 1 more.
   */
  getOrSet<T>(key: string, fetcher: (context: FetchContext) => Promise<T> | T, options?: Duration | GetOrSetOptions<T>): Promise<T>
  /** As `getOrSet` with `ttl` and `staleTtl`, under the names that the published pattern has. */
  getStale<T>(
    key: string,
    fetcher: (context: FetchContext) => Promise<T> | T,
    options: Omit<GetOrSetOptions<T>, 'ttl' | 'staleTtl'> & { ttl: Duration; staleTTL: Duration },
  ): Promise<T>
  /**
   * In the order of `keys`, `null` for each miss, and for a key that holds no string. Round trips: 1, with an `MGET` for each
   * 1 000 keys; 2 where entries have a stale life.
   */
  getMany<T = unknown>(keys: readonly string[], namespace?: string): Promise<(T | null)[]>
  /** Stores all entries with the same life and tags, in one pipeline. Not atomic. Round trips: 1; with tags in a cluster 3. */
  setMany<T = unknown>(entries: Iterable<readonly [string, T]>, options?: SetOptions): Promise<void>
  /** How many of the keys were there, those being loaded included. Round trips: 1, with an `UNLINK` for each 1 000 keys. */
  deleteMany(keys: readonly string[], namespace?: string): Promise<number>
  /**
   * The values by key, in the order of `keys`; `fetcher` is called once with all keys that are missing and that nobody else loads, and gives a
   * `Map` of what it found. A key that it does not give is not in the result. Leases, waiting and what breaks them as with `getOrSet`; stale
   * values are given only when the fetcher fails and there is one for each key, or while loads rest after one that failed. The fetcher is called once
   * more for keys that others were waited for in vain.
   * Round trips: 1 when all is there, 3 otherwise, and the wait for the loads of others; in a cluster one script for each slot.
   */
  getOrSetMany<T>(
    keys: readonly string[],
    fetcher: (missing: string[], context: FetchContext) => Promise<Map<string, T>> | Map<string, T>,
    options?: Duration | GetOrSetOptions<T>,
  ): Promise<Map<string, T>>
  /**
   * Deletes the keys of this namespace that match a glob (`*`, `?`, `[a-z]`, `\` escapes), by `SCAN` and `UNLINK` in batches of 1 000. How many
   * were deleted, those being loaded included. Not atomic: keys written meanwhile may stay. The deadline holds for each batch, not for the whole.
   * Where a connection ends, the walk over its server begins anew.
   * @throws RedwrightError `ERR_UNAVAILABLE` when ten connections in a row have ended before their walk had; some keys may be deleted
   */
  deletePattern(glob: string, namespace?: string): Promise<number>
  /** Deletes every key of this namespace, as `deletePattern('*')`. */
  clear(): Promise<number>
  /**
   * A function with the same arguments, and the same `this`, whose results are cached under `options.key(...args)`; `.invalidate(...args)`
   * deletes one, and `.key(...args)` tells its key.
   */
  wrap<A extends unknown[], T>(
    fn: (...args: A) => Promise<T> | T,
    options: GetOrSetOptions<T> & { key: (...args: A) => string },
  ): CachedMethod<(...args: A) => Promise<T>>
  /** Plain counters of this object, no I/O. */
  metrics(): CacheMetrics
}

/**
 * A cache whose entries are invalidated by their tags. It shares entries, leases and tags with every {@link TypeSafeCache} and `CacheManager` of
 * the same prefix and namespace; a tag is known in all namespaces of a prefix.
 *
 * @example
 * ```ts
 * const pages = new CacheManager(redis, { namespace: 'page' })
 * await pages.cacheWithTags('/users/1000', html, '1h', ['user:1000', 'users'])
 * await pages.invalidateByTag('user:1000') // 1
 * ```
 */
export class CacheManager {
  constructor(redis: Redis, options?: CacheOptions)
  readonly namespace: string
  /** As `TypeSafeCache.set`. `ttl` in seconds. Round trips: 1; in a cluster 3. */
  cacheWithTags(key: string, value: unknown, ttl: Duration, tags: readonly string[]): Promise<void>
  /** As `TypeSafeCache.get`: tags cost a read nothing. */
  get<T = unknown>(key: string, namespace?: string): Promise<T | null>
  /** As `TypeSafeCache.peek`. */
  peek<T = unknown>(key: string, namespace?: string): T | undefined
  /** As `TypeSafeCache.lookup`. */
  lookup<T = unknown>(key: string, options?: LookupOptions): Promise<Lookup<T>>
  /** As `TypeSafeCache.getOrSet`: an invalidation of one of the tags while the fetcher runs keeps its value from being stored, also where `tags` is a function. */
  getOrSet<T>(key: string, fetcher: (context: FetchContext) => Promise<T> | T, options?: Duration | GetOrSetOptions<T>): Promise<T>
  /** As `TypeSafeCache.del`. */
  del(key: string, namespace?: string): Promise<void>
  /** The same as `del`. */
  delete(key: string, namespace?: string): Promise<void>
  /**
   * Invalidates all entries that carry the tag, in all namespaces of the prefix; how many. `mode: 'delete'` (default) deletes them; `'expire'`
   * keeps them for `getOrSet` whose fetcher fails, to the end of their lives, and for `lookup`; no other read gives them.
   *
   * Works in batches of 128 keys, off the JavaScript thread; the deadline holds for each step, not for the whole. After an error a part may have
   * been invalidated, and a call of it again does the rest.
   * Round trips: 3, and 2 for each 128 keys; in a cluster one script for each slot of them.
   */
  invalidateByTag(tag: string, options?: { mode?: 'delete' | 'expire' }): Promise<number>
  /** As `invalidateByTag` for entries that carry any of the tags (default), or all of them. At most 256 tags. */
  invalidateByTags(tags: readonly string[], options?: { match?: 'any' | 'all'; mode?: 'delete' | 'expire' }): Promise<number>
  /** Plain counters of this object, no I/O. */
  metrics(): CacheMetrics
}

export type ResilientCacheOptions = Omit<CacheOptions, 'onUnavailable'>

/**
 * A {@link TypeSafeCache} that goes on without Redis: reads give a miss and writes say that they were not done, where the other rejects. See
 * {@link OnUnavailable} for which errors that concerns; each such call is counted in `metrics().degraded`. The two share entries and
 * single flight where prefix and namespace are the same.
 *
 * @example
 * ```ts
 * const cache = new ResilientCache(redis, { namespace: 'user' })
 * if (!(await cache.del('1000'))) log.warn('user 1000 may be shown as before for up to an hour')
 * ```
 */
export class ResilientCache {
  constructor(redis: Redis, options?: ResilientCacheOptions)
  readonly namespace: string
  /** The value; `null` on a miss, and where Redis cannot serve. Round trips: 1. */
  get<T = unknown>(key: string, namespace?: string): Promise<T | null>
  /** As `TypeSafeCache.peek`. */
  peek<T = unknown>(key: string, namespace?: string): T | undefined
  /** As `TypeSafeCache.lookup`; a miss where Redis cannot serve. Round trips: 1. */
  lookup<T = unknown>(key: string, options?: LookupOptions): Promise<Lookup<T>>
  /**
   * Whether it was stored. `false` says that this is not known: a write that timed out may have been done all the same. Round trips: 1.
   * @throws TypeError | RangeError as `TypeSafeCache.set`
   */
  set<T = unknown>(key: string, value: T, options?: SetOptions): Promise<boolean>
  /** Whether the server was asked and answered, be the key there or not; after `false` an older value may live on until its end. Round trips: 1. */
  del(key: string, namespace?: string): Promise<boolean>
  /** The same as `del`. */
  delete(key: string, namespace?: string): Promise<boolean>
  /** `false` where Redis cannot serve. Round trips: 1. */
  exists(key: string, namespace?: string): Promise<boolean>
  /** As `TypeSafeCache.getOrSet`, which goes on without Redis by itself. */
  getOrSet<T>(key: string, fetcher: (context: FetchContext) => Promise<T> | T, options?: Duration | GetOrSetOptions<T>): Promise<T>
  /** As `TypeSafeCache.getStale`. */
  getStale<T>(
    key: string,
    fetcher: (context: FetchContext) => Promise<T> | T,
    options: Omit<GetOrSetOptions<T>, 'ttl' | 'staleTtl'> & { ttl: Duration; staleTTL: Duration },
  ): Promise<T>
  /** As `TypeSafeCache.getOrSetMany`. */
  getOrSetMany<T>(
    keys: readonly string[],
    fetcher: (missing: string[], context: FetchContext) => Promise<Map<string, T>> | Map<string, T>,
    options?: Duration | GetOrSetOptions<T>,
  ): Promise<Map<string, T>>
  /** In the order of `keys`; `null` for all where Redis cannot serve. */
  getMany<T = unknown>(keys: readonly string[], namespace?: string): Promise<(T | null)[]>
  /** Whether all were stored. */
  setMany<T = unknown>(entries: Iterable<readonly [string, T]>, options?: SetOptions): Promise<boolean>
  /** How many of the keys were there; `0` where Redis cannot serve. */
  deleteMany(keys: readonly string[], namespace?: string): Promise<number>
  /** How many were deleted; `0` where Redis cannot serve, though some may have been. */
  deletePattern(glob: string, namespace?: string): Promise<number>
  /** As `deletePattern('*')`. */
  clear(): Promise<number>
  /** As `TypeSafeCache.wrap`. */
  wrap<A extends unknown[], T>(
    fn: (...args: A) => Promise<T> | T,
    options: GetOrSetOptions<T> & { key: (...args: A) => string },
  ): CachedMethod<(...args: A) => Promise<T>>
  /** Plain counters of this object, no I/O. */
  metrics(): CacheMetrics
}

// ---- repository ------------------------------------------------------------------------------------------------------

export interface RepositoryOptions<T = any> {
  /** What it is called in metrics and events. Default: its namespace. */
  name?: string
  /** First part of every key. Default: `'repo'`. */
  prefix?: string
  /** Life of a record in seconds where `set` does not say; `Infinity` never expires. Default: `3600`. */
  ttl?: Duration
  /** The largest record, in bytes of JSON text or of the bytes given. 1 to 67 108 864. Default: 67 108 864. */
  maxValueBytes?: number
  /** The deadline of an operation in ms. Default: the client's `commandTimeout`. */
  timeoutMs?: Duration
  /** As a cache's: copies in memory, until the server says that a record has changed. Default: none. */
  near?: boolean | NearOptions
  /** The tags of a record, for `deleteByTag` and for a {@link CacheManager} of the same prefix; at most 256 strings. Default: none. */
  tags?: (value: T, id: string) => readonly string[]
  /** As a cache's. Default: `'json'`. */
  codec?: 'json' | 'typed' | Codec
  /** As a cache's: a record that does not fit is not there. Default: none. */
  schema?: StandardSchema
  /** As a cache's. */
  migrate?: (value: unknown) => unknown
  /** As a cache's. Default: `false`. */
  compress?: boolean | { fromBytes?: number }
  /** What its methods do while Redis cannot serve; with `'degrade'` a record that is there may look missing. Default: `'throw'`. */
  onUnavailable?: OnUnavailable
}

export interface RepositoryMetrics {
  /** Calls answered in place of Redis, as `onUnavailable: 'degrade'` asks for. */
  degraded: number
  /** Reads answered from memory. */
  nearHits: number
}

/**
 * Records of one type by id, as JSON under `prefix:namespace:id`. Unlike the cache it never hides an error, unless told to degrade.
 *
 * @example
 * ```ts
 * const users = new RedisRepository<User>(redis, 'user', { ttl: '30d' })
 * await users.set('1000', { name: 'Ada' })
 * ```
 */
export class RedisRepository<T> {
  constructor(redis: Redis, namespace: string, options?: RepositoryOptions<T>)
  readonly namespace: string
  /** Round trips: 1; none from memory. */
  get(id: string): Promise<T | null>
  /** Round trips: 1. `ttl` in seconds. */
  set(id: string, value: T, ttl?: Duration): Promise<void>
  /** Round trips: 1 (`UNLINK`). */
  delete(id: string): Promise<void>
  /** Round trips: 1. */
  exists(id: string): Promise<boolean>
  /** In the order of `ids`, `null` for each that is missing. Round trips: 1, with an `MGET` for each 1 000 ids. */
  getMany(ids: readonly string[]): Promise<(T | null)[]>
  /** Deletes all records that carry the tag, in all namespaces of the prefix, as `CacheManager.invalidateByTag`; how many. */
  deleteByTag(tag: string): Promise<number>
  /** Plain counters of this object, no I/O. */
  metrics(): RepositoryMetrics
}

// ---- rate limiter ----------------------------------------------------------------------------------------------------

/**
 * How units are counted.
 *
 * | | admits | state of a key |
 * |---|---|---|
 * | `'gcra'` | `limit` a `period`, evenly, and up to `burst` at once: never more than `burst + limit × t / period` in any span `t` (ITU-T I.371, the "virtual scheduling algorithm") | its own TTL, and a short value where `period` in ms is no multiple of `limit` |
 * | `'tokenBucket'` | the same, told by a bucket's size and its refill | as `'gcra'` |
 * | `'fixedWindow'` | `limit` in a window that begins with the first unit; at the edge of two windows up to `2 × limit` within one `period` | an integer |
 * | `'slidingWindow'` | exactly `limit` in any `period` | a list with two integers for each decision within the period |
 * | `'slidingCounter'` | about `limit` in any `period`: the window before counts with its share, as if its units had been spread evenly over it. Never more than `2 × limit` | a string of three integers |
 */
export type RateLimitAlgorithm = 'gcra' | 'tokenBucket' | 'fixedWindow' | 'slidingWindow' | 'slidingCounter'

/** One limit. Policies of one name and algorithm share their counts for a key, whatever their limits are: a limit may differ from call to call. */
export interface RateLimitPolicy {
  /** A letter, then letters, digits, `_`, `-` or `.`; at most 64. Default: the period, so that policies of one period and algorithm share their counts. */
  name?: string
  /** How many units. 0 (nothing is ever allowed) to 2³¹. */
  limit: number
  /** In ms as a number. 1 ms to 366 days. */
  period: Duration
  /** Default: `'gcra'`. */
  algorithm?: RateLimitAlgorithm
  /** How many units at once, of `'gcra'` and `'tokenBucket'`. 1 to 2³¹. Default: `limit`. */
  burst?: number
}

/** A decision, or what one would be. */
export interface RateLimitResult {
  allowed: boolean
  /** How many units can be allowed at once at most: the policy's `limit`, or its `burst`. */
  limit: number
  /** How many units could be allowed now. */
  remaining: number
  /** When all of `limit` will be there again if nothing else comes, in ms since the epoch, by the server's clock. */
  resetAt: number
  /** The same in ms from now, by no clock. */
  resetAfterMs: number
  /** When the same units would be allowed if nothing else came, in ms from now; 0 where they were. `Infinity` where they never can: more than `limit`. */
  retryAfterMs: number
  /** Whether it was decided without Redis, as `onUnavailable` says. */
  degraded: boolean
}

/** What a policy says by itself, allowed or not; units count only where all policies allow them. */
export interface RateLimitPolicyResult extends RateLimitResult {
  name: string
}

/** Of the policy that decides: the one that refuses for longest, else the one with the smallest part of its limit left. */
export interface RateLimitDecision extends RateLimitResult {
  /** In the order of the policies. */
  policies: RateLimitPolicyResult[]
}

export interface RateLimiterOptions {
  /** What it is called in metrics. Default: its prefix. */
  name?: string
  /** First part of every key. Default: `'limit'`. */
  prefix?: string
  /** The deadline of a decision in ms. Default: `100`. */
  timeoutMs?: Duration
  /**
   * How it is decided while Redis cannot serve. `'allow'`, `'deny'`, or `'local'`: by counts in the memory of this process, against the limits divided by the
   * number of processes that were last known to use the same prefix, at least 1; what was allowed so is counted in Redis when it is back.
   * Default: `'local'`.
   */
  onUnavailable?: 'allow' | 'deny' | 'local'
  /** By how many processes limits are divided as long as Redis has not told how many there are. 1 to 10 000. Default: `1`. */
  instances?: number
}

export interface CheckOptions {
  /** How many units. 1 to 2³¹: what costs nothing need not ask. Default: `1`. */
  cost?: number
}

export interface ReserveOptions {
  /**
   * Makes a call that is tried again count once: a second one with the same key and `idempotencyKey` gets the first one's decision, until
   * that is settled or `leaseMs` is over. 1 to 256 characters.
   */
  idempotencyKey?: string
  /** How long the reservation can be settled, in ms; after that the estimate stands. Default: `'10m'`. */
  leaseMs?: Duration
}

/** Units that were taken for what is not known yet. Without an end in time the estimate stands, as if it had been right. */
export interface Reservation extends RateLimitDecision {
  /**
   * Tells how many units it came to: what was too much is given back, what was too little is taken, over the limit if need be. Only the first
   * call counts. Whether it did: `false` for one that was refused, is settled already, or has outlived `leaseMs`. Round trips: 1.
   */
  settle(actual: number): Promise<boolean>
  /** `settle(0)`. */
  cancel(): Promise<boolean>
}

/** A place among those who may be at work at once. */
export interface Slot {
  allowed: boolean
  limit: number
  /** How many more places there are. */
  remaining: number
  /** When the first place frees itself should its holder have died, in ms from now; 0 where this one was given. */
  retryAfterMs: number
  degraded: boolean
  /** Frees the place. Whether it was held still. Round trips: 1. */
  release(): Promise<boolean>
  [Symbol.asyncDispose](): Promise<void>
}

export interface RateLimiterMetrics {
  allowed: number
  limited: number
  /** Of `limited`: those that were answered from memory, because the key was known to be refused. */
  remembered: number
  /** Decisions without Redis. */
  degraded: number
}

/**
 * Rate limits that are exact, and that answer whatever Redis does.
 *
 * Each decision is one step of an atomic script on the server's clock; nothing is written for what is refused, and every key has a TTL. All decisions of
 * one turn of the event loop leave together; those for the same key and policies share one step, first come, first served. A key that is
 * refused is refused from memory, for as long as the server said, but it asks again at least once a second.
 *
 * **Decisions resolve**: they reject for wrong arguments only. Where Redis has not answered within `timeoutMs`, `onUnavailable` decides, and the result says
 * `degraded`. A call that was sent and not answered is never sent again.
 *
 * @example
 * ```ts
 * const limiter = new RateLimiter(redis)
 * const { allowed, retryAfterMs } = await limiter.check(`user:${id}`, [
 *   { name: 'burst', limit: 10, period: '1s' },
 *   { name: 'day', limit: 5000, period: '1d', algorithm: 'fixedWindow' },
 * ])
 * ```
 */
export class RateLimiter {
  constructor(redis: Redis, options?: RateLimiterOptions)
  /** At most `limit` in a window of so many seconds, which begins with the first. Round trips: 1. */
  fixedWindow(key: string, limit: number, windowSeconds: Duration, options?: CheckOptions): Promise<RateLimitResult>
  /** Exactly `limit` in any span of so many seconds. Memory grows with `limit`; for large ones see `'slidingCounter'`. Round trips: 1. */
  slidingWindow(key: string, limit: number, windowSeconds: Duration, options?: CheckOptions): Promise<RateLimitResult>
  /** A bucket of `bucketSize` tokens, which `refillRate` tokens a second fill, from 0.000001, rounded to millionths. Round trips: 1. */
  tokenBucket(key: string, bucketSize: number, refillRate: number, tokensNeeded?: number): Promise<RateLimitResult>
  /** `limit` a `period`, evenly, and `burst` at once (default: `limit`). Round trips: 1. */
  gcra(key: string, options: { limit: number; period: Duration; burst?: number; cost?: number }): Promise<RateLimitResult>
  /** All of the policies, 1 to 16, or none: where one refuses, none counts. Round trips: 1. */
  check(key: string, policies: RateLimitPolicy | readonly RateLimitPolicy[], options?: CheckOptions): Promise<RateLimitDecision>
  /** As `check`, and nothing is counted. Round trips: 1. */
  peek(key: string, policies: RateLimitPolicy | readonly RateLimitPolicy[], options?: CheckOptions): Promise<RateLimitDecision>
  /** Gives units back, never more than were taken. What is left then. Round trips: 1. */
  refund(key: string, policies: RateLimitPolicy | readonly RateLimitPolicy[], units?: number): Promise<RateLimitDecision>
  /** Takes units whatever the limits say, so that the key is refused for longer. What is left then. Round trips: 1. */
  penalize(key: string, policies: RateLimitPolicy | readonly RateLimitPolicy[], units?: number): Promise<RateLimitDecision>
  /**
   * Refuses all decisions for the key for so long from now on, in ms as a number; another block is replaced. A block in another process's memory of the key is noticed within a second.
   * Round trips: 1.
   * @throws RedwrightError
   */
  block(key: string, duration: Duration): Promise<void>
  /** Forgets all that was counted for the key, in all policies, and a block. Round trips: 2. @throws RedwrightError */
  reset(key: string): Promise<void>
  /** Takes `estimate` units, as `check`, to be settled when more is known. Round trips: 1. */
  reserve(
    key: string,
    policies: RateLimitPolicy | readonly RateLimitPolicy[],
    estimate: number,
    options?: ReserveOptions,
  ): Promise<Reservation>
  /**
   * A place among `limit` who may be at work at once. It is kept while this process lives and frees itself within `leaseMs` when it dies, or when its event loop
   * stands still for so long. Default: `'30s'`. Round trips: 1, and 1 for all places of a key and `leaseMs` each third of that.
   */
  concurrency(key: string, limit: number, options?: { leaseMs?: Duration }): Promise<Slot>
  /** Plain counters of this object, no I/O. */
  metrics(): RateLimiterMetrics
}

// ---- locks -----------------------------------------------------------------------------------------------------------

/**
 * How a lock came to its end before it was given back. `expired`: its time was over, because nobody renewed it, `maxHoldMs` or a blocked event loop ended
 * its renewal, or the server has lost it. `stolen`: another holds it. `unreachable`: its time was over while no server answered its renewal.
 */
export type LockLossReason = 'expired' | 'stolen' | 'unreachable'

/**
 * What became of a `release()`. `released`: it was held until now. `expired`: it was not held by anybody any more. `stolen`: another holds it, and goes on
 * holding it. `unknown`: no server said so in time; giving it back is tried on in the background until its time is over.
 */
export type ReleaseOutcome = 'released' | 'expired' | 'stolen' | 'unknown'

/**
 * A lock that is held: of a {@link DistributedLock}, a permit of a {@link Semaphore}, or a side of a {@link ReadWriteLock}.
 *
 * It knows its own end. The **deadline** is a time of this machine's monotonic clock: when the attempt that got the lock, or the last renewal that
 * succeeded, was *sent*, plus the TTL, less a margin for clocks that run unevenly (a hundredth of the TTL and 2 ms, at most half of it). It needs no
 * server and no event loop: `isValid()`, `remainingMs()` and reading `signal` look at it at once.
 *
 * It is its own token: `String(lock)` is `lock.token`, and `release` and `extend` of its class take either.
 *
 * @example
 * ```ts
 * await using lock = await locks.acquire('report', 30_000, { renew: true })
 * if (lock === null) return
 * const rows = await db.query('SELECT …', { signal: lock.signal })
 * if (lock.isValid()) await store.write(rows, { fence: lock.fencingToken })
 * ```
 */
export interface HeldLock {
  /** A random UUID, the value of the key in Redis as the published snippets have it; `~` and a number follow where it took several tries. */
  readonly token: string
  /**
   * Greater than that of every earlier holder of the resource: whatever is protected can refuse a holder that is late by it. At least the server's time in
   * µs since 1970 when the lock was given, a safe integer until 2255. Of several resources one for all. What it promises and when not:
   * [docs/locks.md](docs/locks.md#fencing).
   */
  readonly fencingToken: number
  /** The resource; of several, the first of `resources`. */
  readonly resource: string
  /** All that are locked by it, sorted. */
  readonly resources: readonly string[]
  /** How many replicas had acknowledged it when it was given; 0 where `replicas` did not ask for any. */
  readonly replicas: number
  /**
   * Aborts when the lock is lost, with a `RedwrightError` of the code `ERR_LOCK_LOST` whose `reason` says how: at the deadline at the latest, whatever the network
   * does. It does not abort when the lock is given back. Made when it is first read. Each reading looks at the deadline, so that
   * `lock.signal.aborted` is right also on the first line after the event loop was blocked, when no timer could fire.
   */
  readonly signal: AbortSignal
  /** Whether it is held still, by the deadline. No I/O. */
  isValid(): boolean
  /**
   * How long it is held for sure, in ms; 0 when it is lost or was given back. Of a lock that was waited for and handed over at most 3000 at first, and what it was
   * asked for a round trip later. No I/O.
   */
  remainingMs(): number
  /**
   * Has it end in so many ms from now, later or earlier than before. `false` where it was lost; for one that is known to be lost or was given back,
   * without asking. Round trips: 1; of a quorum 1 to each server.
   * @throws RedwrightError when nobody answered: the lock is held until its deadline then. RangeError, TypeError for a wrong `ttlMs`
   */
  extend(ttlMs: Duration): Promise<boolean>
  /**
   * Gives it back. For this process it ends with the call. Never rejects; later calls give the same promise. Round trips: 1; of a quorum 1 to each server.
   */
  release(): Promise<ReleaseOutcome>
  /** The token. */
  toString(): string
  /** `release()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Of a {@link DistributedLock}. */
export interface LockOptions {
  /** What it is called in metrics. Default: its prefix. */
  name?: string
  /** First part of every key. Default: `'lock'`. */
  prefix?: string
  /** What `acquire` and `withLock` take where they do not say. Default: as there. */
  maxHoldMs?: Duration
  /** As `maxHoldMs`. Not of a quorum. */
  replicas?: number | 'majority' | 'all'
  /** As `maxHoldMs`. Not of a quorum. */
  replicaTimeoutMs?: Duration
  /** As `maxHoldMs`. Not of a quorum. */
  fair?: boolean
  /**
   * For how long the event loop of this thread may be blocked, in ms, before locks of this object are not renewed any more: a process that hangs must not hold
   * them for ever. Default: `30_000`.
   */
  loopStallLimitMs?: Duration
}

/** How a lock is asked for. */
export interface AcquireOptions {
  /**
   * How long to wait in ms for one that another holds. `0` tries once. Who waits is woken when it is given back, or when its time is over; failures on
   * the way are tried again until then. Default: `0`.
   */
  waitMs?: Duration
  /** Ends the waiting: rejects with its reason. A lock that is given in the same moment is given back. It has no say any more once the lock is held. */
  signal?: AbortSignal
  /**
   * Whether it is renewed, each third of its TTL, until it is given back, `maxHoldMs` is over, or the event loop is blocked for `loopStallLimitMs`. The I/O
   * thread does that, so a busy event loop does not lose it. Default: `false`, but `true` where the call gives a `maxHoldMs`.
   */
  renew?: boolean
  /** For how long it is renewed at most, in ms from when it was given. Default: `3_600_000`, an hour. */
  maxHoldMs?: Duration
  /**
   * How many replicas must have acknowledged the lock (`WAIT`): a number from 0 to 1000, more than half of all copies with the master's, or all, of as many as were ever
   * seen there and at least one. Where they have not in time, the lock is undone, and `acquire` rejects with `ERR_UNAVAILABLE`. `0` asks none. Default: `0`.
   */
  replicas?: number | 'majority' | 'all'
  /** How long the replicas may take, in ms. Default: `1000`. */
  replicaTimeoutMs?: Duration
  /** Strictly in the order in which they came to the server; who has gone is skipped. Of one resource only. Default: `false`. */
  fair?: boolean
}

/** How a function is run under a lock. */
export interface WithLockOptions extends AcquireOptions {
  /** The TTL in **milliseconds** as a number, as in the published snippets and unlike every other `ttl` of this package. Default: `10_000`. */
  ttl?: Duration
  /** With `retryDelay`: how long to wait, as `retries × retryDelay`. Nothing is tried so often: who waits is woken. 0 to 1 000 000. Default: `10`. */
  retries?: number
  /** In ms. Default: `200`. */
  retryDelay?: Duration
  /** In ms, over `retries` and `retryDelay`. Default: `2000`, that is `retries × retryDelay`. */
  waitMs?: Duration
  /** Default: `true`. */
  renew?: boolean
  /**
   * A lock that the caller holds already: the function runs under that one, which is neither asked for nor given back here. So a function that needs a lock
   * can be called under it and without it. It must cover the resources.
   */
  held?: HeldLock
}

export interface LockState {
  /** Also by what somebody else has put under its key that is no lock. */
  held: boolean
  /** Of who holds it; `null` where nobody does, or nobody with a token. */
  token: string | null
  /** When it ends by itself, in ms; 0 where nobody holds it, `Infinity` where it has no end, which only a lock of somebody else's making has. */
  ttlMs: number
  /** The last that was given; `null` where nobody holds it, or none was given: a lock of somebody else's making has none. */
  fencingToken: number | null
}

/** Counters of a {@link DistributedLock}, a {@link Semaphore} or a {@link ReadWriteLock}. */
export interface LockMetrics {
  acquired: number
  /** Attempts that ended without a lock, because others held it. */
  busy: number
  /** Given back while they were held. */
  released: number
  /** Lost before they were given back, as far as that was noticed: by renewal, by asking, or when they were given back. */
  lost: number
  /** Held now. */
  held: number
}

/**
 * A lock that the processes of a fleet have one at a time.
 *
 * One server, a master with replicas that must acknowledge (`replicas`), or, given a list of clients of independent servers, a majority of them (Redlock).
 * Each has its failures that it does not survive: [docs/locks.md](docs/locks.md#which-failures-a-lock-survives) says which. None protects from a process that
 * was stopped past its TTL and goes on: `fencingToken` does (Kleppmann, "How to do distributed locking", 2016). The key and the token are those of
 * "Distributed Locks with Redis" in the documentation of Redis, so that other programs that follow it can share locks.
 *
 * TTLs are in **milliseconds**, 1 ms to 24.8 days.
 *
 * @example
 * ```ts
 * const locks = new DistributedLock(redis)
 * const total = await locks.withLock('account:7', async (lock) => {
 *   const balance = await accounts.read('7', { signal: lock.signal })
 *   return accounts.write('7', balance + 10, { fence: lock.fencingToken })
 * })
 * ```
 */
export class DistributedLock {
  /**
   * @param redis one client, or at least two of independent servers for a quorum
   * @throws TypeError | RangeError for wrong options, and for two clients of one server
   */
  constructor(redis: Redis | readonly Redis[], options?: LockOptions)
  /**
   * A lock, or `null` when another holds it, and did until `waitMs` was over. Of several resources, 1 to 128, all or none; they are taken in order, so that no
   * two callers wait for each other, and none is held while others are waited for. `ttlMs` default: `10_000`.
   *
   * It settles within `waitMs`, or within the client's `commandTimeout` where there is none. A lock whose reply was lost is taken away again in the background.
   * Not reentrant: see `held` of `withLock`.
   *
   * Who waits for one resource of one server is handed it, where that can be, in the step in which another gives it back: for up to 3 s at first, and for its TTL one round
   * trip later, which it does not wait for. What can and cannot: [docs/locks.md](docs/locks.md#waiting-and-in-which-order).
   *
   * Round trips: 1; where it has to wait 2, and 1 for each time that it is told and not handed it; with `replicas` 2; of several resources in a cluster 1 for each slot; of
   * a quorum 2 to each server.
   * @throws RedwrightError when no server answered, or so late that the lock was nearly over, or `replicas` were not reached; the reason of `signal`
   */
  acquire(resource: string | readonly string[], ttlMs?: Duration, options?: AcquireOptions): Promise<HeldLock | null>
  /**
   * Gives a lock back: whether it was held until now. `false` where it was not held by that token any more, whoever holds it now; of two calls the second
   * says so. Round trips: 1.
   * @throws RedwrightError when nobody knows; TypeError for a lock of something else
   */
  release(resource: string | readonly string[], lock: string | HeldLock): Promise<boolean>
  /**
   * Has a lock end in so many ms from now. `false` where it was not held by that token any more. Round trips: 1.
   * @throws RedwrightError when nobody answered; TypeError for a lock of something else
   */
  extend(resource: string | readonly string[], lock: string | HeldLock, ttlMs: Duration): Promise<boolean>
  /**
   * Runs a function under a lock, which is renewed meanwhile and given back in any case. Gives what the function gives.
   *
   * What the function throws comes through unchanged. Where it ends well and the lock was lost meanwhile, this rejects with `ERR_LOCK_LOST`: what the function did
   * may have met another's work. Round trips: 2, and 1 each third of the TTL for all locks of the process together.
   * @throws RedwrightError `ERR_BUSY`, with `retryAfterMs` where that is known, when it was not to be had in time; what `acquire` rejects with: `fn` has not run then.
   * `ERR_LOCK_LOST`, also for a `held` that is not valid any more. TypeError for a `held` that does not cover the resources
   */
  withLock<T>(resource: string | readonly string[], fn: (lock: HeldLock) => Promise<T> | T, options?: WithLockOptions): Promise<T>
  /** Who holds it, and for how long. It may be otherwise when the answer is here. Round trips: 1. */
  inspect(resource: string): Promise<LockState>
  /** Plain counters of this object, no I/O. */
  metrics(): LockMetrics
}

/** Of a {@link Semaphore}. */
export interface SemaphoreOptions extends Omit<LockOptions, 'prefix'> {
  /** How many may hold a permit of a resource at once, unless `resize` said otherwise. 1 to 2³¹ − 1. */
  permits: number
  /** First part of every key. Default: `'semaphore'`. */
  prefix?: string
}

export interface SemaphoreState {
  permits: number
  taken: number
  /** Who stands in line. */
  waiting: number
}

/**
 * So many holders at once. A permit is a lease like a lock, with the same handle: it frees itself when its holder dies, by the server's clock.
 *
 * @example
 * ```ts
 * const jobs = new Semaphore(redis, { permits: 3 })
 * await jobs.withPermit('tenant:7', () => writeExport(), { ttl: '30s', waitMs: '1m' })
 * ```
 */
export class Semaphore {
  constructor(redis: Redis, options: SemaphoreOptions)
  /** A permit, or `null` when all are taken, and were until `waitMs` was over. `ttlMs` default: `10_000`. Round trips: as of {@link DistributedLock}. */
  acquire(resource: string, ttlMs?: Duration, options?: AcquireOptions): Promise<HeldLock | null>
  /** As of {@link DistributedLock}. */
  release(resource: string, permit: string | HeldLock): Promise<boolean>
  /** As of {@link DistributedLock}. */
  extend(resource: string, permit: string | HeldLock, ttlMs: Duration): Promise<boolean>
  /** As `withLock` of {@link DistributedLock}, with a permit. */
  withPermit<T>(resource: string, fn: (permit: HeldLock) => Promise<T> | T, options?: WithLockOptions): Promise<T>
  /**
   * From now on the resource has so many permits, for every process, whatever their options say. It is forgotten when the resource was not used for 7 days. More
   * wake those who wait; fewer take no permit away, and none is given until enough came back. 1 to 2³¹ − 1. Round trips: 1.
   */
  resize(resource: string, permits: number): Promise<void>
  /** Round trips: 1. */
  inspect(resource: string): Promise<SemaphoreState>
  /** Plain counters of this object, no I/O. */
  metrics(): LockMetrics
}

/** Of a {@link ReadWriteLock}, which is fair by itself. */
export interface ReadWriteLockOptions extends Omit<LockOptions, 'prefix' | 'fair'> {
  /** First part of every key. Default: `'rwlock'`. */
  prefix?: string
}
export type ReadWriteAcquireOptions = Omit<AcquireOptions, 'fair'>
export type WithReadWriteLockOptions = Omit<WithLockOptions, 'fair'>

export interface ReadWriteLockState {
  /** Who reads. */
  readers: number
  /** Whether somebody writes. */
  writer: boolean
  /** Who stands in line. */
  waiting: number
}

/**
 * Any number of readers at once, or one writer. In the order in which they came: a reader does not overtake a writer that waits, and readers that stand in
 * a row enter together.
 *
 * @example
 * ```ts
 * const locks = new ReadWriteLock(redis)
 * const page = await locks.withRead('index', () => search(words))
 * await locks.withWrite('index', () => rebuild(), { ttl: '1m' })
 * ```
 */
export class ReadWriteLock {
  constructor(redis: Redis, options?: ReadWriteLockOptions)
  /** The right to read, or `null` when somebody writes, or waits to, and did until `waitMs` was over. `ttlMs` default: `10_000`. Round trips: as of {@link DistributedLock}. */
  read(resource: string, ttlMs?: Duration, options?: ReadWriteAcquireOptions): Promise<HeldLock | null>
  /** The right to write, or `null` when others read or write. As `read`. */
  write(resource: string, ttlMs?: Duration, options?: ReadWriteAcquireOptions): Promise<HeldLock | null>
  /** As `withLock` of {@link DistributedLock}. A `held` may be one for reading or for writing. */
  withRead<T>(resource: string, fn: (lock: HeldLock) => Promise<T> | T, options?: WithReadWriteLockOptions): Promise<T>
  /** As `withLock` of {@link DistributedLock}. A `held` must be one for writing. */
  withWrite<T>(resource: string, fn: (lock: HeldLock) => Promise<T> | T, options?: WithReadWriteLockOptions): Promise<T>
  /** As of {@link DistributedLock}, of either side. */
  release(resource: string, lock: string | HeldLock): Promise<boolean>
  /** As of {@link DistributedLock}, of either side. */
  extend(resource: string, lock: string | HeldLock, ttlMs: Duration): Promise<boolean>
  /** Round trips: 1. */
  inspect(resource: string): Promise<ReadWriteLockState>
  /** Plain counters of this object, no I/O. */
  metrics(): LockMetrics
}

/**
 * Writes a value, unless one with a greater fencing token was written there before: whether it was written. So a holder that was stopped, and does not know that its
 * lock is another's by now, changes nothing. The same token may write again.
 *
 * A string and a `Uint8Array` are stored as they are, everything else as JSON. `ttl` is in seconds, or `Infinity`; the token is kept in a key beside it, for an
 * hour longer than the value: within that time nobody who is late is taken for the first. **All** writers of the key must write by this.
 * Round trips: 1; 2 on the first call to a server.
 *
 * @example
 * ```ts
 * await locks.withLock('report', async (lock) => {
 *   const report = await build(lock.signal)
 *   if (!(await fencedSet(redis, 'report:today', lock.fencingToken, report, { ttl: '1d' }))) throw new Error('too late')
 * })
 * ```
 * @throws TypeError for a key that holds a `}` and no hash tag, for what JSON cannot hold; RangeError for a `ttl` of 0 and a token that is no safe integer from 1.
 * RedwrightError when the server does not answer; with `maybeExecuted` it may be called again with the same token
 */
export function fencedSet(redis: Redis, key: string, fencingToken: number, value: unknown, options: { ttl: Duration }): Promise<boolean>

// ---- sessions --------------------------------------------------------------------------------------------------------

/** Options of sessions. `redwright/express` takes the same, but for `rotationGraceMs`. */
export interface SessionOptions {
  /** The name in metrics and in events of `node:diagnostics_channel`. Default: `prefix`. */
  name?: string
  /** What keys begin with. Default: `'session'`. */
  prefix?: string
  /** Sessions of different namespaces do not see each other. Default: `'default'`. */
  namespace?: string
  /** How long a session may go unseen, in seconds as a number: idle timeout. Default: `'1d'`. */
  ttl?: Duration
  /**
   * How long a session may live however often it is seen, in seconds as a number: absolute timeout, counted from its creation, or from when it became a user's, by the
   * server's clock. A change of it holds for the sessions that are there, too. Default: `Infinity`.
   */
  absoluteTtl?: Duration
  /**
   * How long it is remembered that a session was destroyed, so that no request that began before brings it back: longer than the slowest one takes.
   * Default: `'60s'`.
   */
  tombstoneMs?: Duration
  /**
   * Secrets by which the names of ids and users at rest are made (HMAC-SHA-256), each of at least 32 bytes, 1 to 16. The first makes new names, by the others sessions
   * are found that were made before. Default: none; names are SHA-256 then, which is enough for the random ids of `SessionManager`.
   */
  idKeys?: readonly (string | Uint8Array)[]
  /**
   * Secrets by which data, user and `meta` are sealed at rest (AES-256-GCM), each of at least 32 random bytes, 1 to 16. The first seals, all open. With them what is not
   * sealed is not read. Default: none; they are stored as JSON then.
   */
  encryptionKeys?: readonly (string | Uint8Array)[]
  /** How many sessions a user may have, 1 to 10 000. Default: `Infinity`. */
  maxSessionsPerUser?: number
  /** What becomes of one more: `'evict'` ends the one that was seen the longest time ago, `'refuse'` refuses it. Default: `'evict'`. */
  onLimit?: 'evict' | 'refuse'
  /** The deadline of a call; of those that take many steps, of each step. Default: the client's `commandTimeout`. */
  timeoutMs?: Duration
}

export interface SessionManagerOptions extends SessionOptions {
  /** How long the old id leads to the session after `rotate`, for requests that are under way; `0` for not at all. Default: `'10s'`. */
  rotationGraceMs?: Duration
}

/** A session as it was when it was read. All times are in ms since the epoch, by the server's clock. */
export interface Session<Data extends object = Record<string, any>> {
  /** 256 random bits in base64url, 43 characters: what the cookie holds. It is a secret, and stored nowhere. */
  readonly id: string
  /** The name of the session at rest. It opens nothing: what a page may show, and `destroyListed` takes. It changes with the id. */
  readonly handle: string
  /** `null` where a session of `redwright/express` is nobody's yet. */
  readonly userId: string | null
  /** Yours: changing it changes nothing. */
  readonly data: Data
  /** What `create` was told of the device. */
  readonly meta: Record<string, any> | null
  readonly createdAt: number
  readonly lastSeenAt: number
  /** When it ends if it is not seen before. */
  readonly expiresAt: number
}

/** A session of which another's id is not told. */
export type ListedSession<Data extends object = Record<string, any>> = Omit<Session<Data>, 'id'>

export interface CreateSessionOptions {
  /** How long this one may go unseen, in seconds as a number ("remember me"). Default: that of the manager. */
  ttl?: Duration
  /** What `listForUser` tells of it: browser, address, place. An object as JSON, up to 64 KiB. */
  meta?: object
}

export interface SessionMetrics {
  /** Sessions made for a user. */
  created: number
  /** Reads that found a session. */
  found: number
  /** Reads that found none, or none that can be read. */
  missing: number
  written: number
  /** Writes that found that another had written since the read, and were done again. */
  conflicts: number
  /** Writes that found the session destroyed or over, and were not done. */
  refused: number
  destroyed: number
  /** Changes of an id. */
  rotated: number
  /** Destroyed because their user has others. */
  evicted: number
  /** Refused because their user has others. */
  limited: number
  /** Found under our keys and not readable: of another type, cut off, with a seal that does not open. They count as missing. */
  unreadable: number
}

/**
 * Sessions without a web framework: who is logged in, on which devices, until when.
 *
 * What was destroyed stays so, whatever requests are under way; no two that write at once lose each other's keys; no id is stored. An id that cannot be one
 * (`undefined`, too long, forged, cut off) is `null` or `false` without a round trip; ids are looked up by their hash and never compared. See
 * [docs/sessions.md](docs/sessions.md).
 *
 * All methods throw a `RedwrightError` when Redis does not answer in time. Each may be called again then: with `maybeExecuted` a `create` may have left a
 * session whose id nobody knows.
 *
 * @example
 * ```ts
 * const sessions = new SessionManager(redis, { ttl: '30m', absoluteTtl: '12h', maxSessionsPerUser: 5 })
 *
 * const session = await sessions.create(user.id, { theme: 'dark' }, { meta: { browser } })
 * response.setHeader('Set-Cookie', `sid=${session.id}; Path=/; HttpOnly; Secure; SameSite=Lax`)
 *
 * const current = await sessions.get(cookies.sid)               // null: log in again
 * await sessions.update(cookies.sid, { theme: 'light' })
 * await sessions.destroyAllForUser(user.id, { except: cookies.sid })
 * ```
 */
export class SessionManager<Data extends object = Record<string, any>> {
  /** @throws TypeError | RangeError for wrong options */
  constructor(redis: Redis, options?: SessionManagerOptions)
  /**
   * A new session of a user: 1 to 65 536 bytes without NUL. `data` is an object as JSON, up to 8 MiB; default: `{}`.
   *
   * Round trips: 1, in a cluster 2; where the user has as many as he may have, 2 to 4 more.
   * @throws RedwrightError `ERR_SESSION_LIMIT` where he has, and `onLimit` is `'refuse'`
   */
  create(userId: string, data?: Data, options?: CreateSessionOptions): Promise<Session<Data>>
  /** The session, which is seen by that and lives on; `null` where there is none. Round trips: 1, and twice in each `ttl` 2 more. */
  get(id: string): Promise<Session<Data> | null>
  /**
   * Puts keys into the data; one with the value `undefined` is taken out. With a function the data becomes what that gives, or what it has made of the data that
   * it was given; it is called again where another has written meanwhile, so it must have no other effects. Whether there was such a session, which is seen
   * by that.
   *
   * Round trips: 2, and 1 for each time that another has written meanwhile.
   * @throws TypeError for what JSON cannot hold; what the function throws; RedwrightError `ERR_BUSY` after 100 times
   */
  update(id: string, change: Partial<Data> | ((data: Data) => Data | void | Promise<Data | void>)): Promise<boolean>
  /** Has it live on, as `get`, and reads nothing. Whether it is there. Round trips: 1. */
  refresh(id: string): Promise<boolean>
  /** Ends it for good. Whether it was there. Round trips: 1. */
  destroy(id: string): Promise<boolean>
  /**
   * Ends all sessions of a user that are there when it is called, but that of the id `except`. How many that were.
   *
   * Round trips: 3 for up to 128 sessions, in a cluster 1 for each session, 32 at a time; with `except` 1 more.
   */
  destroyAllForUser(userId: string, options?: { except?: string }): Promise<number>
  /** All sessions of a user, the one that was seen last first. They are not seen by that. Round trips: 2, in a cluster 1 and 1 for each session, 32 at a time. */
  listForUser(userId: string): Promise<ListedSession<Data>[]>
  /** Ends one of `listForUser` for good, by its `handle`. Whether it was there, and this user's. Round trips: 2. */
  destroyListed(userId: string, handle: string): Promise<boolean>
  /**
   * Gives a session another id: after a login and whenever rights change, so that an id that somebody has planted or seen before is worth nothing
   * (OWASP, session fixation). For `graceMs`, by default `rotationGraceMs`, the old id leads to the same session. What it is now; `null` where there is none.
   *
   * Round trips: 2, in a cluster 4 to 6.
   */
  rotate(id: string, options?: { graceMs?: Duration }): Promise<Session<Data> | null>
  /** Plain counters of this object, no I/O. */
  metrics(): SessionMetrics
}

// ---- codecs and schemas ----------------------------------------------------------------------------------------------

/** A codec of your own, synchronous. See [docs/codecs.md](docs/codecs.md). */
export interface Codec {
  /** Stored with each entry, so that another codec's entries are known as such: 64 to 95. A new format takes a new id. */
  readonly id: number
  /** What it throws becomes the `cause` of a `TypeError`. */
  encode(value: any): string | Uint8Array
  /** Gets a string where `encode` gave a string, else a `Buffer`. Where it throws, the entry counts as a miss and as `unreadable`. */
  decode(payload: any): unknown
}

/** The part of the [Standard Schema](https://standardschema.dev) of version 1 that is used here: Zod, Valibot, ArkType and others have it. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardSchemaResult<Output> | Promise<StandardSchemaResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}
export type StandardSchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly { readonly message: string }[] }

// ---- decorator -------------------------------------------------------------------------------------------------------

/** What a decorated method has beside itself. Decorators cannot change types: `(users.find as CachedMethod<typeof users.find>).invalidate('1')`. */
export type CachedMethod<Method extends (...args: any[]) => any> = Method & {
  /** The key of these arguments within its cache and namespace. */
  key(...args: Parameters<Method>): string
  /** Deletes the result for these arguments. Round trips: 1. */
  invalidate(...args: Parameters<Method>): Promise<void>
}

/** How a decorated method is cached: what `getOrSet` takes, and where. */
export interface CachedOptions extends GetOrSetOptions {
  /** Default: one over `redis`, with the defaults of {@link CacheOptions}. */
  cache?: TypeSafeCache | ResilientCache
  /** Default: that of {@link getRedis}, from the first call on. Excludes `cache`. */
  redis?: Redis
  /**
   * Stands for `Class.method` in the keys. Needed where that is not known: for private methods of instances, for names that are symbols, for
   * classes without a name. Wanted where names are not stable or not unique: in minified code, and where two classes share a name.
   */
  name?: string
}

/** Decorates methods under TC39 decorators and under `experimentalDecorators`. */
export interface CachedDecorator {
  <This, Method extends (this: This, ...args: any[]) => Promise<any>>(method: Method, context: ClassMethodDecoratorContext<This, Method>): Method
  <Method extends (...args: any[]) => Promise<any>>(
    target: object,
    propertyKey: string | symbol,
    descriptor: TypedPropertyDescriptor<Method>,
  ): TypedPropertyDescriptor<Method>
}

/**
 * Caches the results of an asynchronous method, static or not, under `Class.method:` and its arguments: as text where they are few and
 * primitive, else as a hash. `Class` is the one that defines the method, for instances of a subclass too. What the instance holds is no part
 * of the key. Each call goes through `getOrSet`. See {@link CachedMethod}, and [docs/decorators.md](docs/decorators.md).
 *
 * Arguments are plain objects, arrays, primitives, `Date`, `Map`, `Set`, `RegExp`, `URL`, binary data, and what has a `toJSON`; a call with any
 * other rejects with a `TypeError`.
 *
 * @example
 * ```ts
 * class Users {
 *   @Cached('10m', 'user')
 *   async find(id: string): Promise<User> { … }
 * }
 * ```
 * @param ttl in seconds. Default: the cache's
 * @throws TypeError on anything but a method
 */
export function Cached(ttl?: Duration, namespace?: string): CachedDecorator
export function Cached(options: CachedOptions): CachedDecorator
