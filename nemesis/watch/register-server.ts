import { MortalServer } from '../../__test__/support/client-server'
import type { Stored } from '../history/history'
import { FENCED, UNFENCED } from '../holder/registers'
import { type Command, Monitor } from './monitor'

/** The server of what is protected. No fault touches it, and all that its registers take is heard in their order. */
export class RegisterServer {
  readonly fenced: Stored[] = []
  readonly unfenced: Stored[] = []
  readonly #server: MortalServer
  readonly #monitor: Monitor

  private constructor(server: MortalServer, monitor: Monitor, stored: Record<string, Stored[]>) {
    this.#server = server
    this.#monitor = monitor
    this.fenced = stored[FENCED]!
    this.unfenced = stored[UNFENCED]!
  }

  static async start(): Promise<RegisterServer> {
    const server = await MortalServer.start()
    const stored = { [FENCED]: [], [UNFENCED]: [] }
    const monitor = await Monitor.open({ path: server.path }, (command) => note(command, stored))
    return new RegisterServer(server, monitor, stored)
  }

  get url(): string {
    return this.#server.url
  }

  async catchUp(): Promise<void> {
    await this.#monitor.catchUp()
  }

  async stop(): Promise<void> {
    this.#monitor.close()
    await this.#server[Symbol.asyncDispose]()
  }
}

/** However it came to be written, what is stored in a register is stored by a `SET`. */
function note({ name, args: [key = '', value = ''] }: Command, stored: Record<string, Stored[]>): void {
  if (name !== 'SET') return
  for (const [prefix, list] of Object.entries(stored)) if (key.startsWith(prefix)) list.push({ resource: key.slice(prefix.length), ...JSON.parse(value) })
}
