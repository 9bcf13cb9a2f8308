import { copied } from '../../__test__/support/faults'
import { TestSentinel } from '../../__test__/support/sentinel'
import { pick } from '../random'
import type { Fault, World } from '../world'
import { askedOfAll, killed, stopped, untilReplaced } from './nodes'
import { DURABLE } from './single'

const DOWN_AFTER_MS = 1000

/** A master and two replicas, watched by three sentinels. */
export class SentinelWorld implements World {
  readonly name = 'sentinel'
  readonly faults: readonly Fault[] = this.#faults()

  private constructor(readonly sentinel: TestSentinel) {}

  static async start(): Promise<SentinelWorld> {
    return new SentinelWorld(await TestSentinel.start({ downAfterMs: DOWN_AFTER_MS, args: DURABLE }))
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
        apply: async ({ random }) => killed(pick(random, this.sentinel.sentinels)),
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
