import { once } from 'node:events'
import net from 'node:net'
import { createInterface } from 'node:readline'
import { until } from '../../__test__/support/until'
import { askAll } from '../../__test__/support/resp'
import type { Address } from '../../__test__/support/wire'

/** A command as `MONITOR` tells of it. */
export interface Command {
  /** In capitals. */
  readonly name: string
  readonly args: readonly string[]
  /** Whether a script called it. */
  readonly inScript: boolean
}

/** Hears every command that a server executes, in the order in which it does. */
export class Monitor {
  readonly #address: Address
  readonly #socket: net.Socket
  #heard: (command: Command) => void
  #mark = ''

  private constructor(address: Address, socket: net.Socket, heard: (command: Command) => void) {
    this.#address = address
    this.#socket = socket
    this.#heard = heard
  }

  static async open(address: Address, heard: (command: Command) => void): Promise<Monitor> {
    const { path, host, port } = address
    const socket = path === undefined ? net.connect({ host: host!, port: port! }) : net.connect({ path })
    await once(socket, 'connect')
    const monitor = new Monitor(address, socket, heard)
    socket.on('error', () => {})
    createInterface({ input: socket }).on('line', (line) => monitor.#take(line))
    socket.write('MONITOR\r\n')
    await monitor.catchUp()
    return monitor
  }

  #take(line: string): void {
    const said = /^\+[\d.]+ \[\d+ (\S+)\] (.*)$/.exec(line)
    if (said === null) return
    const [name = '', ...args] = [...said[2]!.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word]) => unescaped(word!))
    if (name.toUpperCase() === 'ECHO' && args[0]?.startsWith(MARK)) this.#mark = args[0]
    else this.#heard({ name: name.toUpperCase(), args, inScript: said[1] === 'lua' })
  }

  /** Waits until it has heard all that was executed before. */
  async catchUp(): Promise<void> {
    const mark = `${MARK}${++marks}`
    await until('the monitor has heard it', async () => {
      await askAll(this.#address, [['ECHO', mark]])
      return this.#mark === mark
    })
  }

  close(): void {
    this.#socket.destroy()
  }
}

const MARK = 'monitor-has-heard-'
let marks = 0

/** Bytes that are none of ASCII stay as they are written: nobody looks at them. */
const unescaped = (word: string) => word.replace(/\\(["\\])/g, '$1')
