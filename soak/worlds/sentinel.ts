import { copied } from '../../__test__/support/faults'
import type { RedisNode } from '../../__test__/support/redis-node'
import { TestSentinel } from '../../__test__/support/sentinel'
import { pick } from '../random'
import type { Fault, World } from '../world'
import { askedOfAll, killed, stopped, untilReplaced } from './nodes'
import { DURABLE } from './single'

const DOWN_AFTER_MS = 1000

/**
 * While the master is down sentinels ask a replica for `INFO` once a second, and choose it only if the last one is not older than five
 * pings. With the shorter period of the tests they would find no replica good enough, and try again after six seconds.
 */
const PING_PERIOD_MS = 300
const paced = (sentinel: RedisNode) => sentinel.ask('SENTINEL', 'DEBUG', 'PING-PERIOD', PING_PERIOD_MS)

/** A master and two replicas, watched by three sentinels. */
export class SentinelWorld implements World {
  readonly name = 'sentinel'
  readonly faults: readonly Fault[] = this.#faults()

  private constructor(readonly sentinel: TestSentinel) {}

  static async start(): Promise<SentinelWorld> {
    const sentinel = await TestSentinel.start({ downAfterMs: DOWN_AFTER_MS, args: DURABLE })
    await Promise.all(sentinel.sentinels.map(paced))
    return new SentinelWorld(sentinel)
  }

  get address() {
    return this.sentinel.options
  }

  async leaders(): Promise<string> {
    return String((await this.sentinel.master()).port)
  }

  async settled(): Promise<void> {
    await this.sentinel.untilConverged()
  }

  async leave(): Promise<void> {
    await Promise.all(this.sentinel.servers.map((node) => node.crash()))
  }

  async comeBack(): Promise<void> {
    await Promise.all(this.sentinel.servers.map((node) => node.start()))
  }

  async stop(): Promise<void> {
    await this.sentinel.stop()
  }

  #faults(): Fault[] {
    const servers = () => this.sentinel.servers.filter(({ alive }) => alive)
    return [
      {
        name: 'SENTINEL FAILOVER',
        loses: 'late',
        lasts: [0, 0],
        apply: async () => {
          await this.#copied()
          await this.sentinel.failover()
          return {}
        },
      },
      {
        name: 'SIGKILL of the master, started again at once',
        loses: 'perhaps',
        lasts: [0, 200],
        apply: async () => killed(await this.sentinel.master()),
      },
      {
        name: 'SIGKILL of the master until it is replaced',
        loses: 'late',
        lasts: [0, 500],
        apply: async () => this.#replaced(killed),
      },
      {
        name: 'SIGSTOP of the master, not for long',
        loses: 'perhaps',
        lasts: [50, DOWN_AFTER_MS],
        apply: async () => stopped(await this.sentinel.master()),
      },
      {
        name: 'SIGSTOP of the master until it is replaced',
        loses: 'late',
        lasts: [0, 500],
        apply: async () => this.#replaced(stopped),
      },
      {
        name: 'SIGKILL of a sentinel',
        loses: 'nothing',
        lasts: [100, 1500],
        apply: async ({ random }) => {
          const sentinel = pick(random, this.sentinel.sentinels)
          const { detail, heal } = await killed(sentinel)
          return { detail, heal: async () => {
              await heal()
              await paced(sentinel)
            } }
        },
      },
      {
        name: 'SIGKILL of a replica',
        loses: 'nothing',
        lasts: [0, 1000],
        apply: async ({ random }) => killed(pick(random, await this.sentinel.replicas())),
      },
      askedOfAll('CLIENT KILL on all servers', ['CLIENT', 'KILL', 'TYPE', 'normal'], servers),
      askedOfAll('SCRIPT FLUSH on all servers', ['SCRIPT', 'FLUSH'], servers),
    ]
  }

  async #copied(): Promise<void> {
    await copied(await this.sentinel.master(), await this.sentinel.replicas())
  }

  async #replaced(by: typeof killed | typeof stopped) {
    const master = await this.sentinel.master()
    await this.#copied()
    const applied = await by(master)
    await untilReplaced(() => this.leaders(), String(master.port))
    return applied
  }
}
