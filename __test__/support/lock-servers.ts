import { Redis, type LockOptions, type RedisOptions } from '../../index.js'
import { MortalServer } from './client-server'
import { FaultProxy } from './fault-proxy'
import { lockOf } from './lock-tools'

/** For clients in trouble: they connect again at once, and no circuit opens. */
const TROUBLED: RedisOptions = { connectTimeout: 1000, watchdogMs: 200, reconnect: { minMs: 1, maxMs: 20 }, breaker: false }

/** Independent servers, each behind a proxy, and what speaks to each of them past its proxy. */
export class LockServers {
  private constructor(
    readonly servers: readonly MortalServer[],
    readonly proxies: readonly FaultProxy[],
    readonly direct: readonly Redis[],
  ) {}

  static async start(count = 3): Promise<LockServers> {
    const servers = await Promise.all(Array.from({ length: count }, () => MortalServer.start()))
    const proxies = await Promise.all(servers.map((server) => FaultProxy.start(server)))
    const direct = await Promise.all(servers.map((server) => Redis.connect({ url: server.url, ...TROUBLED, commandTimeout: '30s' })))
    return new LockServers(servers, proxies, direct)
  }

  /** Clients of all of them, through the proxies. */
  clients(options: RedisOptions = {}): Promise<Redis[]> {
    return Promise.all(this.proxies.map((proxy) => Redis.connect({ url: proxy.url, ...TROUBLED, ...options })))
  }

  /** One lock over all of them, with clients of its own. */
  async lock(options?: LockOptions, of?: RedisOptions) {
    const clients = await this.clients(of)
    this.#clients.push(...clients)
    return lockOf(clients, options)
  }

  readonly #clients: Redis[] = []

  /** What each server has under a key. */
  holders(key: string): Promise<(string | null)[]> {
    return Promise.all(this.direct.map(async (redis) => (await redis.command('GET', key)) as string | null))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((redis) => redis.close()))
    await Promise.all(this.proxies.map((proxy) => proxy.stop()))
    await Promise.all(this.direct.map((redis) => redis.close()))
    await Promise.all(this.servers.map((server) => server[Symbol.asyncDispose]()))
  }
}
