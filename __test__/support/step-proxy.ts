import { once } from 'node:events'
import net from 'node:net'
import { commandIn, framed, stepOf, type Sent } from './step-words'
import type { Target } from './fault-proxy'

const HOST = '127.0.0.1'
const MARK = 'all before has been answered'

/** What happens at a step. Without `before` the command goes its way, without `after` its reply does. */
export interface StepFault {
  /** When the command has come and the server has not seen it. `false` holds it back; an error is what the server answers in its place. */
  before?(link: StepLink): Promise<boolean | string | void>
  /** When the reply has come and the client has not seen it. `false` holds it back. */
  after?(link: StepLink): Promise<boolean | void>
}

/** Where a fault happens: at the `nth` command of a kind, counted over all proxies. Once. */
export class Trap {
  hit = false
  #left: number

  constructor(
    readonly step: string,
    readonly fault: StepFault,
  ) {
    const [, name = step, nth = '1'] = /^(.*?)(?:#(\d+))?$/.exec(step) ?? []
    this.name = name
    this.#left = Number(nth)
  }

  readonly name: string

  /** @internal */
  takes(step: string): boolean {
    if (this.hit || step !== this.name || --this.#left > 0) return false
    this.hit = true
    return true
  }
}

/** A proxy that knows the steps of the cache's protocols, and lets a fault happen at one of them. */
export class StepProxy {
  trap: Trap | undefined
  /** The steps that have come, in their order. */
  readonly steps: string[] = []
  /** Nothing passes in either direction. */
  frozen = false
  readonly #target: Target
  readonly #links = new Set<StepLink>()
  readonly #listener = net.createServer((client) => this.#open(client))

  static async start(target: Target): Promise<StepProxy> {
    const proxy = new StepProxy(target)
    proxy.#listener.listen({ host: HOST, port: 0 })
    await once(proxy.#listener, 'listening')
    return proxy
  }

  private constructor(target: Target) {
    this.#target = target
  }

  get address(): { host: string; port: number } {
    return { host: HOST, port: (this.#listener.address() as net.AddressInfo).port }
  }

  /** Whether nothing waits to be passed on. */
  get isIdle(): boolean {
    return [...this.#links].every((link) => link.isIdle)
  }

  /** Ends `frozen`, and forwards all that was held. */
  thaw(): void {
    this.frozen = false
    for (const link of this.#links) link.pump()
  }

  reset(): void {
    for (const link of this.#links) link.reset()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#listener, 'close')
    this.#listener.close()
    this.reset()
    await closed
  }

  #open(client: net.Socket): void {
    const { path, host = HOST, port = 0 } = this.#target
    const server = net.connect(path === undefined ? { host, port } : { path })
    const link = new StepLink(this, client, server)
    this.#links.add(link)
    client.once('close', () => this.#links.delete(link))
  }
}

/** One connection through it. */
export class StepLink {
  /** Its replies are lost from now on. */
  deaf = false
  #received: Buffer = Buffer.alloc(0)
  #replies: Buffer[] = []
  #isBusy = false
  /** What is done when the next reply comes. */
  #after: StepFault['after']

  constructor(
    readonly proxy: StepProxy,
    readonly client: net.Socket,
    readonly server: net.Socket,
  ) {
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      socket.on('error', () => {})
    }
    client.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.pump()
    })
    server.on('data', (chunk) => {
      this.#replies.push(chunk)
      this.pump()
    })
    client.on('close', () => server.destroy())
    server.on('close', () => client.destroy())
  }

  get isIdle(): boolean {
    return !this.#isBusy && this.#received.length === 0 && this.#replies.length === 0
  }

  reset(): void {
    if (this.client.writable) this.client.resetAndDestroy()
    else this.client.destroy()
    this.server.destroy()
  }

  pump(): void {
    void this.#pump()
  }

  async #pump(): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    // Replies first: those of commands that came before a step are no part of it.
    while (!this.proxy.frozen && ((await this.#reply()) || (await this.#command())));
    this.#isBusy = false
  }

  async #command(): Promise<boolean> {
    const sent = commandIn(this.#received)
    if (sent === undefined) return false
    const step = stepOf(sent.words)
    const { trap } = this.proxy
    const passes = trap?.takes(step) === true ? await this.#spring(trap.fault, sent) : sent.bytes
    // What is held back comes again when the proxy thaws.
    if (passes === undefined) return false
    this.proxy.steps.push(step)
    this.#received = this.#received.subarray(sent.bytes.length)
    if (this.server.writable) this.server.write(passes)
    return true
  }

  async #spring(fault: StepFault, sent: Sent): Promise<Buffer | undefined> {
    const answer = (await fault.before?.(this)) ?? true
    if (answer === false) return undefined
    if (fault.after !== undefined) await this.#answered()
    this.#after = fault.after
    return typeof answer === 'string' ? framed('EVAL', `return redis.error_reply('${answer}')`, 0) : sent.bytes
  }

  /** Waits until all that was sent before has been answered, and passes the answers on, so that the next one is that of the step. */
  async #answered(): Promise<void> {
    const mark = Buffer.from(`$${MARK.length}\r\n${MARK}\r\n`)
    this.server.write(framed('ECHO', MARK))
    let replies = Buffer.alloc(0)
    for (let at = -1; at < 0 && this.server.readable; at = replies.indexOf(mark)) {
      await Promise.race([once(this.server, 'data'), once(this.server, 'close')])
      replies = Buffer.concat([replies, ...this.#replies.splice(0)])
    }
    if (this.client.writable) this.client.write(Buffer.concat([replies.subarray(0, replies.indexOf(mark))]))
  }

  async #reply(): Promise<boolean> {
    if (this.#replies.length === 0) return false
    const after = this.#after
    this.#after = undefined
    if (after !== undefined && (await after(this)) === false) return false
    const chunk = this.#replies.shift()!
    if (!this.deaf && this.client.writable) this.client.write(chunk)
    return true
  }
}
