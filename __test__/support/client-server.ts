import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after } from 'node:test'
import { root } from './root'
import { until } from './until'
import { ask } from './wire'

const { findProgram, FALLBACK } = createRequire(import.meta.url)(path.join(root, 'lib/embedded/find.js'))

const running = new Set<ChildProcess>()
// A failed test must not leave a server behind that nobody ends.
after(() => running.forEach((child) => child.kill('SIGKILL')))

/**
 * A real server that can be killed, paused and started again at the same place with the same data: what `testing.startServer` does not
 * offer. On a unix socket in a folder of its own, without a password unless the arguments set one.
 */
export class MortalServer {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spec-'))
  readonly path = path.join(this.folder, 's')
  readonly url = `redis+unix://${this.path}`
  readonly #program: string
  readonly #args: readonly string[]
  #child: ChildProcess | undefined

  private constructor(program: string, args: readonly string[]) {
    this.#program = program
    this.#args = args
  }

  /** One that is not running yet. */
  static prepare(...args: string[]): MortalServer {
    const program = findProgram()
    assert.ok(program !== null && program !== FALLBACK, 'This test needs a real server: apt install redis-server')
    return new MortalServer(program, args)
  }

  static async start(...args: string[]): Promise<MortalServer> {
    const server = MortalServer.prepare(...args)
    await server.start()
    return server
  }

  async start(): Promise<void> {
    const settings = ['--port', '0', '--unixsocket', this.path, '--dir', this.folder, '--save', '', ...this.#args]
    const child = spawn(this.#program, settings, { stdio: 'ignore' })
    this.#child = child
    running.add(child)
    child.once('exit', () => running.delete(child))
    await until('the server answers', async () => {
      assert.equal(child.exitCode, null, 'the server ended')
      return (await this.ask('PING').catch(() => '')) !== ''
    })
  }

  /** The answer to an inline command on a connection of its own. */
  async ask(command: string): Promise<string> {
    return ask(this, `${command}\r\n`, /^([-+:][^\r]*|\$-1|\$\d+\r\n[^]*)\r\n$/)
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** Ends it at once and without a good-bye. */
  async crash(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.crash()
    fs.rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A loopback port that nothing listens on. */
export async function freePort(): Promise<number> {
  const listener = net.createServer().listen({ host: '127.0.0.1', port: 0 })
  await once(listener, 'listening')
  const { port } = listener.address() as net.AddressInfo
  listener.close()
  await once(listener, 'close')
  return port
}
