import { LOOPBACK } from './ports'
import { askAll } from './resp'
import type { ServerProcess } from './server-process'

export interface Credentials {
  username?: string
  password?: string
}

/** One server of several, on a loopback port. */
export class RedisNode {
  readonly host = LOOPBACK
  readonly port: number
  readonly process: ServerProcess
  readonly credentials: Credentials

  constructor(port: number, process: ServerProcess, credentials: Credentials = {}) {
    this.port = port
    this.process = process
    this.credentials = credentials
  }

  get address(): { host: string; port: number } {
    return { host: this.host, port: this.port }
  }

  /** Whether it runs and is not stopped by `SIGSTOP`. */
  get alive(): boolean {
    return this.process.alive
  }

  /** The reply to a command on a connection of its own. */
  async ask<T = any>(...words: (string | number | Buffer)[]): Promise<T> {
    const [reply] = await this.askAll([words])
    return reply
  }

  /** The replies to several commands on one connection. */
  async askAll(commands: readonly (readonly (string | number | Buffer)[])[], timeoutMs?: number): Promise<any[]> {
    return askAll({ ...this.address, ...this.credentials }, commands, timeoutMs)
  }

  /** Starts it, again too, and waits until it answers. */
  async start(): Promise<void> {
    await this.process.start(async () => {
      const [pong] = await this.askAll([['PING']], 1000)
      return pong === 'PONG'
    })
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal)
  }

  /** Ends it at once and without a good-bye. */
  async crash(): Promise<void> {
    await this.process.crash()
  }

  async role(): Promise<'master' | 'replica'> {
    const [role] = await this.ask('ROLE')
    return role === 'master' ? 'master' : 'replica'
  }

  async info(section: string): Promise<Map<string, string>> {
    const text: string = await this.ask('INFO', section)
    return new Map(text.split('\r\n').map((line) => line.split(/:(.*)/s, 2) as [string, string]))
  }

  /** Whether its copy is complete, as a replica, and those of its own replicas are. */
  async isSynchronised(): Promise<boolean> {
    const info = await this.info('replication')
    if (info.get('role') !== 'master' && info.get('master_link_status') !== 'up') return false
    return [...info].every(([name, value]) => !/^slave\d/.test(name) || value.includes('state=online'))
  }
}
