/** Options of a private server. */
export interface StartServerOptions {
  /**
   * The server program, as a path or as a name on `PATH`. Default: `REDWRIGHT_SERVER`, else `redis-server` or `valkey-server` on `PATH`. Where
   * none is found, the npm package `js-redis-server` in this process; `'js-redis-server'` asks for that by name.
   */
  binary?: string
  /** Listen on a loopback port, behind a random password, instead of a unix socket. Default: `false`, where unix sockets can be had. */
  tcp?: boolean
  /** The loopback port to listen on. Default: a free one. Implies `tcp`. */
  port?: number
  /**
   * More arguments for the server program, such as `['--maxmemory', '10mb']`. Not those that say where it listens and who may come in
   * (`--bind`, `--port`, `--requirepass`, …).
   */
  args?: readonly string[]
}

/** A private server of this process, reachable from this machine only, without persistence, ended with the process. */
export interface TestServer {
  /** What to hand to `new Redis(url)`. Holds the password where there is one. */
  readonly url: string
  /** Which server was chosen, such as `'redis-server 7.0.15 (/usr/bin/redis-server)'`. */
  readonly description: string
  readonly product: 'redis-server' | 'valkey-server' | 'js-redis-server'
  readonly version: string
  /** The path of its unix socket, where it has one. */
  readonly path?: string
  readonly host?: string
  readonly port?: number
  /** Its process id; this process's own for `js-redis-server`, which ends with the thread that started it. */
  readonly pid: number
  /** Ends it and removes its folder. Idempotent. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a private server for development and tests; the same that `embedded://` uses.
 * @throws TypeError | RangeError for options that are wrong, with the option's name
 * @throws Error with `NODE_ENV=production`, or where no server can be found, with what to install
 */
export function startServer(options?: StartServerOptions): Promise<TestServer>
