import fs from 'node:fs'
import path from 'node:path'
import type { RedisOptions } from '../../index.js'
import { Authority, type Certificate } from './certificates'
import { MortalServer } from './client-server'
import { freePort, onFreePorts } from './ports'
import { newFolder } from './reaper'

export interface TlsServerOptions {
  /** Who issues. Default: one of this server's own. */
  authority?: Authority
  /** Default: one for this machine, of the authority. */
  certificate?: Certificate
  /** Whether clients must show a certificate of the authority. Default: `'no'`. */
  clients?: 'yes' | 'no' | 'optional'
  /** More arguments of the server program. */
  args?: string[]
}

/**
 * A real server on a port that speaks TLS only. It can be killed and started again; `ask` reaches it by a socket of its own.
 *
 * @example
 * ```ts
 * await using server = await TlsServer.start()
 * const redis = await Redis.connect(server.options)
 * ```
 */
export class TlsServer {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly authority: Authority
  readonly process: MortalServer
  readonly #folder: string

  static async start(options: TlsServerOptions = {}): Promise<TlsServer> {
    return onFreePorts(() => TlsServer.#start(options))
  }

  static async #start({ authority = new Authority(), certificate = authority.issue(), clients = 'no', args = [] }: TlsServerOptions): Promise<TlsServer> {
    const folder = newFolder()
    const port = await freePort()
    const settings = [
      '--tls-port', String(port), '--bind', '127.0.0.1', '--tls-auth-clients', clients,
      '--tls-ca-cert-file', path.join(folder, 'ca'), '--tls-cert-file', path.join(folder, 'cert'), '--tls-key-file', path.join(folder, 'key'),
    ]
    const server = new TlsServer(folder, port, authority, MortalServer.prepare(...settings, ...args))
    server.present(certificate)
    await server.process.start()
    return server
  }

  private constructor(folder: string, port: number, authority: Authority, process: MortalServer) {
    this.#folder = folder
    this.port = port
    this.authority = authority
    this.process = process
    this.#write('ca', authority.cert)
  }

  /** All that a client needs. */
  get options(): RedisOptions {
    return { host: this.host, port: this.port, tls: { ca: this.authority.cert } }
  }

  /** The certificate that it shows from its next start on. */
  present({ cert, key }: Certificate): void {
    this.#write('cert', cert)
    this.#write('key', key)
  }

  /** The same as `crash`, in the words of a `TestServer`. */
  async stop(): Promise<void> {
    await this.process[Symbol.asyncDispose]()
    fs.rmSync(this.#folder, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #write(name: string, text: string): void {
    fs.writeFileSync(path.join(this.#folder, name), text, { mode: 0o600 })
  }
}
