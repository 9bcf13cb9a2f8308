import path from 'node:path'
import { newFolder } from './reaper'
import { ServerProcess, serverProgram } from './server-process'
import { ask } from './wire'

export { freePort } from './ports'

/**
 * A real server that can be killed, paused and started again at the same place with the same data: what `testing.startServer` does not
 * offer. On a unix socket in a folder of its own, without a password unless the arguments set one.
 */
export class MortalServer {
  readonly folder = newFolder()
  readonly path = path.join(this.folder, 's')
  readonly url = `redis+unix://${this.path}`
  readonly #process: ServerProcess

  private constructor(args: readonly string[], launcher: readonly string[] = []) {
    const settings = ['--port', '0', '--unixsocket', this.path, '--dir', this.folder, '--save', '', ...args]
    this.#process = new ServerProcess(this.folder, [...launcher, serverProgram(), ...settings])
  }

  /** One that is not running yet. */
  static prepare(...args: string[]): MortalServer {
    return new MortalServer(args)
  }

  static async start(...args: string[]): Promise<MortalServer> {
    const server = MortalServer.prepare(...args)
    await server.start()
    return server
  }

  /** One none of whose files can grow beyond so many KiB: to it that is a disk without space. */
  static async startOnSmallDisk(kib: number, ...args: string[]): Promise<MortalServer> {
    // A limit that nobody traps would end the server. POSIX counts in blocks of 512 bytes.
    const server = new MortalServer(args, ['sh', '-c', `trap '' XFSZ; ulimit -f ${kib * 2}; exec "$0" "$@"`])
    await server.start()
    return server
  }

  async start(): Promise<void> {
    await this.#process.start(async () => (await this.ask('PING')) !== '')
  }

  /** The answer to an inline command on a connection of its own. */
  async ask(command: string): Promise<string> {
    return ask(this, `${command}\r\n`, /^([-+:][^\r]*|\$-1|\$\d+\r\n[^]*)\r\n$/)
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** Ends it at once and without a good-bye. */
  async crash(): Promise<void> {
    await this.#process.crash()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.dispose()
  }
}
