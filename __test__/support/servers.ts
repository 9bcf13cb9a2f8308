import { once } from 'node:events'
import net from 'node:net'
import { startServer } from '../../testing.js'
import type { StartServerOptions, TestServer } from '../../testing.js'

/** A private server for specs that need what only a real one can do. */
export async function realServer(options?: StartServerOptions): Promise<TestServer> {
  const server = await startServer(options)
  if (server.product !== 'js-redis-server') return server
  await server.stop()
  throw new Error('This test needs a real server: apt install redis-server')
}

export interface FakeServer {
  readonly host: string
  readonly port: number
  /** A `redis://` URL, whatever the server speaks. */
  readonly url: string
  /** How many connections were ever accepted. */
  readonly accepted: number
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A loopback server that speaks whatever `handler` writes: HTTP, garbage, or nothing. */
export async function fakeServer(handler: (socket: net.Socket) => void = () => {}): Promise<FakeServer> {
  const host = '127.0.0.1'
  const sockets = new Set<net.Socket>()
  let accepted = 0
  const listener = net.createServer((socket) => {
    accepted++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    // Unread bytes would hold back the end of the connection.
    socket.resume()
    handler(socket)
  })
  listener.listen({ host, port: 0 })
  await once(listener, 'listening')
  const { port } = listener.address() as net.AddressInfo

  async function stop(): Promise<void> {
    for (const socket of sockets) socket.destroy()
    if (!listener.listening) return
    const closed = once(listener, 'close')
    listener.close()
    await closed
  }
  return {
    host,
    port,
    url: `redis://${host}:${port}`,
    get accepted() {
      return accepted
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
