import type { TestServer } from '../../testing.js'
import { FaultProxy } from './fault-proxy'
import type { HttpServer } from './http'
import { NextApp, type Environment, type Instance } from './next-app'
import { startOrigin } from './next-origin'
import { freePort, LOOPBACK } from './ports'
import { realServer } from './servers'

/** The example with what it needs: a Redis that can go away and come back, and somebody to fetch from. */
export class NextWorld {
  readonly app: NextApp
  readonly redis: TestServer
  readonly proxy: FaultProxy
  readonly #origin: HttpServer
  readonly #instances = new Set<Instance>()

  static async create(env: Environment = {}): Promise<NextWorld> {
    const [origin, redis] = await Promise.all([startOrigin(), realServer({ tcp: true })])
    const proxy = await FaultProxy.start(redis)
    const app = await NextApp.install({ REDIS_URL: proxy.url, ORIGIN_URL: origin.url, ...env })
    return new NextWorld(app, redis, proxy, origin)
  }

  private constructor(app: NextApp, redis: TestServer, proxy: FaultProxy, origin: HttpServer) {
    this.app = app
    this.redis = redis
    this.proxy = proxy
    this.#origin = origin
  }

  /** Ends with the test, if not before. */
  async start(app: NextApp = this.app): Promise<Instance> {
    return this.keep(await app.start())
  }

  keep(instance: Instance): Instance {
    this.#instances.add(instance)
    return instance
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#instances].map((instance) => instance.stop()))
    this.#instances.clear()
  }

  /** Redis is not there: connections end, and new ones are refused. */
  cutOff(): void {
    this.proxy.refuse()
    this.proxy.reset()
  }

  /** Where nobody listens. */
  static async nowhere(): Promise<string> {
    return `redis://${LOOPBACK}:${await freePort()}`
  }

  async close(): Promise<void> {
    await this.stopAll()
    await this.proxy.stop()
    await this.redis.stop()
    await this.#origin.close()
  }
}
