import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type http from 'node:http'
import net from 'node:net'
import { afterEach, describe, test } from 'node:test'
import express from 'express'
import { rateLimitMiddleware } from '../express.js'
import { ask, type HttpServer, serve } from './support/http'
import { LimiterStandIn } from './support/limiter-stand-in'
import { until } from './support/until'

let server: HttpServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})
/** Answers `/404` with 404, and so on. */
const byPath: http.RequestListener = (req, res) => void (res.writeHead(Number(req.url!.slice(1)) || 200), res.end('done'))

async function start(limiter: LimiterStandIn, options: any, handler = byPath): Promise<string> {
  const app = express()
  app.use(rateLimitMiddleware(limiter, { limit: 10, window: 60, ...options }) as any)
  app.use((req, res) => void handler(req, res))
  server = await serve(app)
  return server.url
}
const refunds = (limiter: LimiterStandIn) => limiter.asked.filter(({ call }) => call === 'refund')
/** All that was begun for a request has been done: its connection has closed. */
async function allOver(): Promise<void> {
  await server!.close()
  server = undefined
  await new Promise(setImmediate)
}

describe('refunds', () => {
  test('of failed requests: once each, with what they cost', async () => {
    const limiter = new LimiterStandIn()
    const url = await start(limiter, { skipFailedRequests: true, cost: 3 })
    await ask(`${url}/500`)
    await ask(`${url}/404`)
    await ask(`${url}/200`)
    await until('both are given back', () => refunds(limiter).length === 2)
    const { headers } = await ask(url)
    assert.equal(headers.get('x-ratelimit-remaining'), '4')
    await allOver()
    assert.deepEqual(refunds(limiter), Array.from({ length: 2 }, () => ({ call: 'refund', key: '127.0.0.1', names: ['limit-10-in-1m'], units: 3 })))
  })

  test('of successful requests', async () => {
    const limiter = new LimiterStandIn()
    const url = await start(limiter, { skipSuccessfulRequests: true })
    for (const path of ['200', '302', '399', '400', '500']) await ask(`${url}/${path}`, { redirect: 'manual' })
    await until('three are given back', () => refunds(limiter).length === 3)
    assert.equal((await ask(`${url}/500`)).headers.get('x-ratelimit-remaining'), '7')
  })

  test('are never given for what was refused', async () => {
    const limiter = new LimiterStandIn()
    const url = await start(limiter, { limit: 1, skipFailedRequests: true })
    await ask(url)
    for (let i = 0; i < 3; i++) assert.equal((await ask(url)).status, 429)
    await allOver()
    assert.deepEqual(refunds(limiter), [])
  })

  test('go by what the application calls success, also when it says so later', async () => {
    const limiter = new LimiterStandIn()
    const url = await start(limiter, { skipFailedRequests: true, requestWasSuccessful: async (_req: any, res: any) => res.statusCode === 404 })
    await ask(`${url}/404`)
    await ask(`${url}/200`)
    await until('one is given back', () => refunds(limiter).length === 1)
    await allOver()
    assert.equal(refunds(limiter).length, 1)
  })

  test('are given once for a client that goes before it is answered', async () => {
    const limiter = new LimiterStandIn()
    let over = 0
    await start(limiter, { skipFailedRequests: true }, (req, res) => {
      if (req.url === '/hang') res.on('close', () => void over++)
      else byPath(req, res)
    })
    const socket = net.connect(server!.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write('GET /hang HTTP/1.1\r\nHost: x\r\n\r\n')
    await until('it is counted', () => limiter.asked.length === 1)
    socket.destroy()
    await until('it is given back', () => refunds(limiter).length === 1)
    assert.equal(over, 1)
    await allOver()
    assert.equal(refunds(limiter).length, 1)
  })

  test('are given for a client that goes while it is decided on', async () => {
    const limiter = new LimiterStandIn()
    let open = () => {}
    limiter.gate = new Promise((resolve) => (open = resolve))
    let isGone = false
    const app = express()
    app.use((_req, res, next) => {
      res.on('close', () => (isGone = true))
      next()
    })
    app.use(rateLimitMiddleware(limiter, { limit: 10, window: 60, skipFailedRequests: true }) as any)
    app.use(() => {})
    server = await serve(app)
    const socket = net.connect(server.port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await until('it is being decided', () => limiter.asked.length === 1)
    socket.destroy()
    await once(socket, 'close')
    await until('the server knows', () => isGone)
    open()
    await until('it is given back', () => refunds(limiter).length === 1)
  })

  test('are not given for a window that is over', async (t) => {
    const limiter = new LimiterStandIn()
    let respond = () => {}
    const url = await start(
      limiter,
      { limit: undefined, window: undefined, skipFailedRequests: true, policies: [
        { name: 'short', limit: 10, period: '1s', algorithm: 'fixedWindow' },
        { name: 'long', limit: 10, period: '1h', algorithm: 'fixedWindow' },
      ] },
      (_req, res) => (respond = () => void res.writeHead(500).end()),
    )
    const asked = ask(url)
    await until('it is counted', () => limiter.asked.length === 1)
    const now = performance.now()
    t.mock.method(performance, 'now', () => now + 2000)
    await new Promise(setImmediate)
    respond()
    await asked
    await until('what is left is given back', () => refunds(limiter).length === 1)
    assert.deepEqual(refunds(limiter)[0].names, ['long'])
  })

  test('that fail are told, and end nothing', async () => {
    const limiter = new LimiterStandIn()
    let events = 0
    const count = () => void events++
    subscribe('redwright:limit:refund', count)
    const url = await start(limiter, {
      skipFailedRequests: true,
      requestWasSuccessful: () => {
        limiter.fails = undefined
        throw new Error('mine')
      },
    })
    assert.equal((await ask(`${url}/500`)).status, 500)
    await until('it is told', () => events === 1)
    assert.equal((await ask(`${url}/500`)).status, 500)
    await until('it is told again', () => events === 2)
    unsubscribe('redwright:limit:refund', count)
    assert.deepEqual(refunds(limiter), [])
  })
})
