import { after, before, describe } from 'node:test'
import { Redis } from '../../index.js'
import type { RedisOptions } from '../../index.js'
import { type Kind, KINDS, type Serving } from './kinds'
import { standBehind } from './servers-behind'

/** No suite is about deadlines: a machine that is busy must not have one missed. */
const PATIENT: RedisOptions = { commandTimeout: '30s' }

/** What a suite runs against. Its clients are there once the suite has begun, and are closed when it ends. */
export class Backend {
  readonly name: string
  /** Whether it is a server program, with all that Redis can do. */
  readonly real: boolean
  readonly #kind: Kind
  readonly #clients: Redis[] = []
  #serving: Serving | undefined

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
    const redis = await Redis.connect({ ...PATIENT, ...this.#kind.options, ...this.#serving!.options, ...options })
    this.#clients.push(redis)
    const { primaries } = this.#serving!
    if (primaries !== undefined) standBehind(redis, primaries)
    return redis
  }

  async start(): Promise<void> {
    this.#serving = await this.#kind.start()
    await this.connect()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((redis) => redis.close()))
    await this.#serving?.stop()
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

/** One suite of behaviours that are the same whatever serves: on the first that can. */
export function onOneBackend(title: string, suite: (backend: Backend) => void): void {
  describe(title, () => {
    const backend = new Backend(KINDS[0]!)
    before(() => backend.start())
    after(() => backend.stop())
    suite(backend)
  })
}
