import { createRequire } from 'node:module'
import type { Redis } from '../../index.js'
import { until } from './until'

const { call } = createRequire(import.meta.url)('../../lib/redis.js')

/** Where other processes reach a client, as the patterns of this package use it. */
export class Mailbox {
  readonly redis: Redis
  readonly address: string

  /** Of a client whose subscription need not stand. */
  static async prepare(redis: Redis): Promise<Mailbox> {
    let address = ''
    await call(redis, (native, ticket) => {
      address = native.mailboxAddress()
      return native.ping(ticket)
    })
    return new Mailbox(redis, address)
  }

  static async of(redis: Redis): Promise<Mailbox> {
    const mailbox = await Mailbox.prepare(redis)
    await mailbox.untilHears()
    return mailbox
  }

  private constructor(redis: Redis, address: string) {
    this.redis = redis
    this.address = address
  }

  get channel(): string {
    return `redwright:wake:${this.address}`
  }

  /** Whether what is published to a client is heard, which is waited for. */
  static hears(redis: Redis, withinMs: number): Promise<boolean> {
    return call(redis, (native, ticket) => native.hears(ticket, withinMs))
  }

  hears(withinMs = 5000): Promise<boolean> {
    return Mailbox.hears(this.redis, withinMs)
  }

  async untilHears(): Promise<void> {
    await until('it hears', () => this.hears().catch(() => false))
  }

  /** Resolves when the word has come, or something was missed. */
  expect(word: string): Promise<void> {
    return call(this.redis, (native, ticket) => native.expect(ticket, word))
  }

  /** As `expect`, once it waits: what is asked of a client in order is begun in order. */
  async expecting(word: string): Promise<{ came: Promise<void> }> {
    const came = this.expect(word)
    await this.hears(1)
    return { came }
  }
}
