import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import type { CacheHandler } from '../../express.js'
import type { Redis } from '../../index.js'
import type { Answer, Site } from './pages'
import { until } from './until'

/** A request whose client may go away before it is answered. */
export class Visitor {
  readonly #req: http.ClientRequest
  /** Resolves with `undefined` where there was none, or not all of it. */
  readonly answer: Promise<Answer | undefined>
  #isOver = false

  constructor(site: Site, path = '/', headers: http.OutgoingHttpHeaders = {}) {
    this.#req = http.request(`${site.server.url}${path}`, { headers, agent: false })
    this.answer = new Promise((resolve) => {
      this.#req.on('error', () => resolve(undefined))
      this.#req.on('response', (res) => {
        const chunks: Buffer[] = []
        res.on('data', (chunk) => chunks.push(chunk))
        res.on('close', () => resolve(res.complete ? { status: res.statusCode!, headers: res.headers, body: Buffer.concat(chunks) } : undefined))
        res.on('error', () => {})
      })
    })
    void this.answer.then(() => (this.#isOver = true))
    this.#req.end()
  }

  /** The answer, whole, which comes: a test that waits for one that does not is to fail. */
  async answered(): Promise<Answer> {
    await until('it is answered', () => this.#isOver)
    const answer = await this.answer
    assert.ok(answer !== undefined, 'it was cut off')
    return answer
  }

  leave(): void {
    this.#req.destroy()
  }
}

/** Sends bytes as they are, and gives all that came until the server has ended the connection, which it has to be asked for. */
export async function sendRaw(site: Site, bytes: string | Buffer): Promise<string> {
  const socket = net.connect(site.server.port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => {})
  socket.write(bytes)
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}

/** Resolves when whatever has been asked of Redis by these clients is answered, and what follows from that is asked. */
export async function settled(...clients: Redis[]): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await Promise.all(clients.map((redis) => redis.ping()))
    await new Promise(setImmediate)
  }
}

/** A cache that counts the requests which come to it. */
export function counting(cache: CacheHandler<any, any>): CacheHandler<any, any> & { came: number } {
  const counted = (req: any, res: any, next: any) => {
    counter.came++
    cache(req, res, next)
  }
  const counter = Object.assign(counted, cache, { came: 0 })
  return counter
}

/** A cache to which the first so many requests come in one turn of the event loop. */
export function together(cache: CacheHandler<any, any>, count: number): CacheHandler<any, any> {
  const waiting: (() => void)[] = []
  const gather = (req: any, res: any, next: any) => {
    waiting.push(() => cache(req, res, next))
    if (waiting.length >= count) for (const go of waiting.splice(0)) go()
  }
  return Object.assign(gather, cache)
}
