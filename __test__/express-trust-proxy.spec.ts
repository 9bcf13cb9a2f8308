import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, beforeEach, describe, test } from 'node:test'
import express from 'express'
import { rateLimitMiddleware } from '../express.js'
import { ask, serve } from './support/http'
import { LimiterStandIn } from './support/limiter-stand-in'

let events: any[] = []
const warnings: any[] = []
const record = (event: any) => void events.push(event)
process.on('warning', (warning: any) => void (warning.code === 'REDWRIGHT_LIMIT_TRUST_PROXY' && warnings.push(warning)))
beforeEach(() => {
  events = []
  subscribe('redwright:limit:trust-proxy', record)
})
afterEach(() => {
  unsubscribe('redwright:limit:trust-proxy', record)
})

/** What a proxy sends on behalf of so many clients. */
async function throughProxy(configure: (app: express.Express) => void, options: object = {}, clients = 12): Promise<void> {
  const app = express()
  configure(app)
  app.use(rateLimitMiddleware(new LimiterStandIn(), { limit: 1000, window: 60, ...options }))
  app.get('/', (_req, res) => void res.send('ok'))
  const server = await serve(app)
  for (let i = 0; i < clients; i++) assert.equal((await ask(server.url, { headers: { 'x-forwarded-for': `203.0.113.${i}` } })).status, 200)
  await server.close()
}
/** One request as a middleware sees it. */
async function seen(request: object): Promise<void> {
  const middleware = rateLimitMiddleware(new LimiterStandIn(), { limit: 1000, window: 60, headers: false })
  await new Promise<void>((resolve, reject) => middleware(request as any, {} as any, (error) => (error ? reject(error) : resolve())))
}
const appWith = (setting: unknown) => ({ get: (name: string) => (name === 'trust proxy' ? setting : undefined) })

describe('a proxy that the application takes for its clients', () => {
  test('is told, and nobody is refused for it', async () => {
    await throughProxy(() => {})
    assert.deepEqual(events, [{ header: 'ignored' }])
  })

  test('is not told where it is trusted, nor for few clients, nor where another key counts, nor where nobody wants to know', async () => {
    await throughProxy((app) => app.set('trust proxy', 'loopback'))
    await throughProxy(() => {}, {}, 9)
    await throughProxy(() => {}, { keyGenerator: () => 'key' })
    await throughProxy(() => {}, { trustProxyCheck: false })
    assert.deepEqual(events, [])
  })

  test('is told of once, however many middlewares there are', async () => {
    await throughProxy(() => {})
    await throughProxy(() => {})
    await new Promise(setImmediate)
    assert.equal(events.length, 2)
    assert.equal(warnings.filter(({ message }) => /many clients behind one address/.test(message)).length, 1)
  })

  test('takes bounded memory whoever sends what', async () => {
    const middleware = rateLimitMiddleware(new LimiterStandIn(), { limit: 1000, window: 60, headers: false })
    const look = (remoteAddress: string, forwarded: string) =>
      new Promise<void>((resolve) => middleware({ headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress } } as any, {} as any, () => resolve()))
    // Each address is forgotten before it has named ten clients.
    for (let round = 0; round < 20; round++) for (let i = 0; i < 40; i++) await look(`203.0.113.${i}`, `client ${round} ${'x'.repeat(1000)}`)
    assert.deepEqual(events, [])
  })
})

describe('a header that is believed of anybody', () => {
  const request = (setting?: unknown, remoteAddress = '203.0.113.7') => ({
    ip: '198.51.100.1',
    headers: { 'x-forwarded-for': '198.51.100.1' },
    socket: { remoteAddress },
    ...(setting !== undefined && { app: appWith(setting) }),
  })

  test('is told where the peer is on the internet and nobody said that it is a proxy', async () => {
    for (const setting of [true, 1, undefined]) await seen(request(setting))
    await seen(request(true, '2001:db8::1'))
    await seen(request(true, '::ffff:203.0.113.7'))
    assert.deepEqual(events, Array.from({ length: 5 }, () => ({ header: 'believed' })))
    await new Promise(setImmediate)
    assert.equal(warnings.filter(({ message }) => /any address and escape its limit/.test(message)).length, 1)
  })

  test('is not told where proxies are named, or the peer is of this network', async () => {
    for (const setting of ['203.0.113.0/24', ['203.0.113.0/24'], () => true]) await seen(request(setting))
    for (const peer of ['10.1.2.3', '172.20.0.1', '192.168.1.1', '127.0.0.1', '169.254.1.1', '100.64.0.1', '::1', 'fd00::1', 'fe80::1%eth0', '::ffff:10.0.0.1']) {
      await seen(request(true, peer))
    }
    assert.deepEqual(events, [])
  })
})
