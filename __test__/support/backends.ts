import { after, before, describe } from 'node:test'
import { Redis } from '../../index.js'
import type { RedisOptions } from '../../index.js'
import { startServer } from '../../testing.js'
import type { StartServerOptions, TestServer } from '../../testing.js'
import { realServer } from './servers'

interface Kind {
  name: string
  /** Whether it is a server program, with all that Redis can do. */
  real: boolean
  /** None for `embedded://`. */
  server?: StartServerOptions
  options: RedisOptions
}

const KINDS: Kind[] = [
  { name: 'embedded://', real: true, options: { url: 'embedded://' } },
  { name: 'a socket and RESP2', real: true, server: {}, options: { protocol: 2 } },
  { name: 'TCP and RESP3', real: true, server: { tcp: true }, options: { protocol: 3 } },
  { name: 'TCP and RESP2', real: true, server: { tcp: true }, options: { protocol: 2 } },
  { name: 'js-redis-server', real: false, server: { binary: 'js-redis-server' }, options: {} },
]

/** What a suite runs against. Its clients are there once the suite has begun, and are closed when it ends. */
export class Backend {
  readonly name: string
  readonly real: boolean
  readonly #kind: Kind
  readonly #clients: Redis[] = []
  #server: TestServer | undefined

  constructor(kind: Kind) {
    this.#kind = kind
    this.name = kind.name
    this.real = kind.real
  }

  /** A client for all tests of the suite. */
  get redis(): Redis {
    return this.#clients[0]!
  }

  /** One more client, as a second process would have. */
  async connect(options?: RedisOptions): Promise<Redis> {
    const url = this.#server === undefined ? {} : { url: this.#server.url }
    const redis = await Redis.connect({ ...this.#kind.options, ...url, ...options })
    this.#clients.push(redis)
    return redis
  }

  async start(): Promise<void> {
    const { real, server } = this.#kind
    if (server !== undefined) this.#server = await (real ? realServer(server) : startServer(server))
    await this.connect()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((redis) => redis.close()))
    await this.#server?.stop()
  }
}

/** One suite of behaviours, on everything that can serve. */
export function onEveryBackend(title: string, suite: (backend: Backend) => void): void {
  for (const kind of KINDS) {
    describe(`${title}, on ${kind.name}`, () => {
      const backend = new Backend(kind)
      before(() => backend.start())
      after(() => backend.stop())
      suite(backend)
    })
  }
}
