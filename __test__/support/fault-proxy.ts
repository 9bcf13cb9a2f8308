import { once } from 'node:events'
import net from 'node:net'
import { type Item, Stream } from './fault-stream'
import { freePort, LOOPBACK } from './ports'

/** What stands behind a proxy; a `TestServer` is one. */
export type Target = { path?: string; host?: string; port?: number; url?: string }

/**
 * A TCP proxy on a loopback port that fails in the ways networks do.
 *
 * @example
 * ```ts
 * const proxy = await FaultProxy.start(await startServer())
 * const redis = await Redis.connect(proxy.url)
 * proxy.freeze()
 * ```
 */
export class FaultProxy {
  readonly host = LOOPBACK
  /** Every chunk waits this long, in both directions. */
  delayMs = 0
  /** Requests reach the server, and its replies are lost. */
  dropReplies = false
  /** How many chunks of replies `dropReplies` has cost. */
  repliesDropped = 0
  /** How many connections were ever accepted. */
  accepted = 0
  /** @internal */ frozen = false
  /** @internal */ bytesUntilCut: number | undefined
  readonly #target: Target
  readonly #links = new Set<Link>()
  #listener = net.createServer()
  #port = 0

  static async start(target: Target): Promise<FaultProxy> {
    const proxy = new FaultProxy(target)
    await proxy.accept()
    return proxy
  }

  private constructor(target: Target) {
    this.#target = target
  }

  get port(): number {
    return this.#port
  }

  /** The target's URL with this proxy in its place; it keeps the password. */
  get url(): string {
    const password = /^\w+:\/\/(:[^@]*@)/.exec(this.#target.url ?? '')?.[1] ?? ''
    return `redis://${password}${this.host}:${this.port}`
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#links.size
  }

  /** Forwards nothing in either direction and loses nothing: a stopped server or a stalled network. New connections are accepted, and frozen too. */
  freeze(): void {
    this.frozen = true
  }

  /** Ends `freeze` and forwards all that was held. */
  thaw(): void {
    this.frozen = false
    for (const link of this.#links) link.pump()
  }

  /**
   * The present connections stay open and lose every byte for ever, as when a router forgets them. New connections work.
   * @param which of them, in the order of their coming; all without it
   */
  halfOpen(which?: number): void {
    for (const [i, link] of [...this.#links].entries()) if (which === undefined || i === which) link.dead = true
  }

  /** Answers every present connection with RST. */
  reset(): void {
    for (const link of this.#links) link.reset()
  }

  /** Lets `bytes` more bytes of replies through, counted over all connections, and then ends the connection that went past them. Once. */
  cutAfter(bytes: number): void {
    this.bytesUntilCut = bytes
  }

  /** Refuses new connections; the present ones stay. */
  refuse(): void {
    this.#listener.close()
  }

  /** Ends `refuse`, on the same port. */
  async accept(): Promise<void> {
    if (this.#listener.listening) return
    this.#port ||= await freePort()
    this.#listener = net.createServer({ allowHalfOpen: true }, (client) => this.#open(client))
    this.#listener.listen({ host: LOOPBACK, port: this.#port })
    await once(this.#listener, 'listening')
  }

  /** Closes everything. Idempotent. */
  async stop(): Promise<void> {
    this.reset()
    if (!this.#listener.listening) return
    const closed = once(this.#listener, 'close')
    this.#listener.close()
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #open(client: net.Socket): void {
    this.accepted++
    const { path, host = LOOPBACK, port = 0 } = this.#target
    const server = net.connect(path === undefined ? { host, port, allowHalfOpen: true } : { path, allowHalfOpen: true })
    const link = new Link(this, client, server)
    this.#links.add(link)
    client.once('close', () => this.#links.delete(link))
  }
}

/** One connection through the proxy. */
class Link {
  dead = false
  readonly #proxy: FaultProxy
  readonly #client: net.Socket
  readonly #streams: readonly Stream[]

  constructor(proxy: FaultProxy, client: net.Socket, server: net.Socket) {
    this.#proxy = proxy
    this.#client = client
    this.#streams = [
      new Stream(proxy, client, server, (item) => (this.dead ? undefined : item)),
      new Stream(proxy, server, client, (item) => this.#reply(item)),
    ]
    // A client that leaves is not a fault: nothing holds its other half.
    client.on('close', () => server.destroy())
  }

  pump(): void {
    for (const stream of this.#streams) stream.pump()
  }

  reset(): void {
    // Node 20 never closes a socket that is reset while it is being shut down, and spins at the end of the process.
    if (this.#client.writable) this.#client.resetAndDestroy()
    else this.#client.destroy()
  }

  #reply(item: Item): Item | undefined {
    const proxy = this.#proxy
    if (this.dead) return undefined
    if (typeof item === 'string') return item
    if (proxy.dropReplies) {
      proxy.repliesDropped++
      return undefined
    }
    if (proxy.bytesUntilCut === undefined) return item
    const rest = proxy.bytesUntilCut - item.length
    if (rest >= 0) {
      proxy.bytesUntilCut = rest
      return item
    }
    this.#client.write(item.subarray(0, proxy.bytesUntilCut))
    this.#client.destroySoon()
    this.dead = true
    proxy.bytesUntilCut = undefined
    return undefined
  }
}
