import { MortalServer } from '../../__test__/support/client-server'
import { FaultProxy } from '../../__test__/support/fault-proxy'
import type { Fault, World } from '../world'
import { networkFaults } from './network-faults'
import { serverFaults } from './server-faults'

/** A kill loses nothing then: each write is in the kernel's hands before it is acknowledged. */
export const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'no']

/** One server behind a proxy. */
export class SingleWorld implements World {
  readonly name = 'single'
  readonly faults: readonly Fault[]

  private constructor(
    readonly server: MortalServer,
    readonly proxy: FaultProxy,
  ) {
    this.faults = [...serverFaults(server), ...networkFaults(async () => [{ proxy, to: '' }])]
  }

  static async start(): Promise<SingleWorld> {
    const server = await MortalServer.start(...DURABLE)
    return new SingleWorld(server, await FaultProxy.start(server))
  }

  get address() {
    return { host: this.proxy.host, port: this.proxy.port }
  }

  async leaders(): Promise<string> {
    return 'the same'
  }

  async settled(): Promise<void> {
    await this.server.ask('PING')
  }

  async leave(): Promise<void> {
    this.proxy.refuse()
    this.proxy.reset()
  }

  async comeBack(): Promise<void> {
    await this.proxy.accept()
  }

  async stop(): Promise<void> {
    await this.proxy.stop()
    await this.server[Symbol.asyncDispose]()
  }
}
