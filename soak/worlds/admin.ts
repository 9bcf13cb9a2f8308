import { once } from 'node:events'
import net from 'node:net'

/** A connection that stands, for what new ones could not do: while none are let in, or none without a password. */
export class Admin {
  readonly #socket: net.Socket

  private constructor(socket: net.Socket) {
    this.#socket = socket
    socket.setEncoding('latin1')
  }

  static async open(path: string): Promise<Admin> {
    const socket = net.connect({ path })
    await once(socket, 'connect')
    return new Admin(socket)
  }

  /** Sends an inline command that is answered in one line. */
  async ask(command: string): Promise<string> {
    const answered = once(this.#socket, 'data')
    this.#socket.write(`${command}\r\n`)
    const [line] = await answered
    if (String(line).startsWith('-')) throw new Error(`${command}: ${line}`)
    return line
  }

  close(): void {
    this.#socket.destroy()
  }
}
