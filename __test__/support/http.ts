import { once } from 'node:events'
import http from 'node:http'
import type net from 'node:net'

export interface HttpServer {
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

/** Serves on a port of this machine. */
export async function serve(handler: http.RequestListener, host = '127.0.0.1'): Promise<HttpServer> {
  const server = http.createServer(handler)
  server.listen({ host, port: 0 })
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  return {
    port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** A request and what came of it, its body read. */
export async function ask(url: string, init?: RequestInit): Promise<{ status: number; headers: Headers; body: string }> {
  const response = await fetch(url, init)
  return { status: response.status, headers: response.headers, body: await response.text() }
}
