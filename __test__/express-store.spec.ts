import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createRequire } from 'node:module'
import path from 'node:path'
import { afterEach, describe, test } from 'node:test'
import express from 'express'
import express4 from 'express4'
import { type Options, rateLimit } from 'express-rate-limit'
import { RateLimitStore } from '../express.js'
import { RedwrightError } from '../index.js'
import { CountsStandIn } from './support/counts-stand-in'
import { ask, type HttpServer, serve } from './support/http'
import { root } from './support/root'
import { until } from './support/until'

const { LocalCounts, MOST } = createRequire(import.meta.url)(path.join(root, 'lib/express/local-counts.js'))
const UNSENT = new RedwrightError('ERR_UNAVAILABLE', 'no connection in time')
const SENT = new RedwrightError('ERR_TIMEOUT', 'no reply in time', { maybeExecuted: true })

let servers: HttpServer[] = []
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()))
  servers = []
})

/** What express-rate-limit complains of. */
let complaints: unknown[] = []
const logger = { warn: (...words: unknown[]) => void complaints.push(words), error: (...words: unknown[]) => void complaints.push(words) }

async function start(options: Partial<Options>, makeApp: any = express): Promise<{ url: string; limiter: ReturnType<typeof rateLimit> }> {
  complaints = []
  const app = makeApp()
  const limiter = rateLimit({ limit: 3, windowMs: 60_000, logger, ...options })
  app.use(limiter)
  app.get('/:status', (req: any, res: any) => res.status(Number(req.params.status)).send('done'))
  app.use((error: any, _req: any, res: any, _next: any) => res.status(500).send(error.message))
  const server = await serve(app)
  servers.push(server)
  return { url: `${server.url}/200`, limiter }
}
async function statuses(url: string, times: number): Promise<number[]> {
  const list: number[] = []
  for (let i = 0; i < times; i++) list.push((await ask(url)).status)
  return list
}

describe('express-rate-limit over a RateLimitStore', () => {
  for (const [name, makeApp] of [['Express 4', express4], ['Express 5', express]] as const) {
    test(`lets so many pass on ${name}, and has nothing to complain of`, async () => {
      const counts = new CountsStandIn()
      const { url } = await start({ store: new RateLimitStore(counts.source), standardHeaders: 'draft-8' }, makeApp)
      assert.deepEqual(await statuses(url, 5), [200, 200, 200, 429, 429])
      counts.advance(60_000)
      const { status, headers } = await ask(url)
      assert.equal(status, 200)
      assert.equal(headers.get('x-ratelimit-remaining'), '2')
      assert.match(headers.get('ratelimit')!, /; r=2; t=(60|59)$/)
      assert.deepEqual(complaints, [])
    })
  }

  test('gives hits back', async () => {
    const counts = new CountsStandIn()
    const { url } = await start({ store: new RateLimitStore(counts.source), skipFailedRequests: true })
    await ask(url.replace('200', '404'))
    await until('it is given back', () => counts.asked.includes('add 127.0.0.1 -1'))
    assert.deepEqual(await statuses(url, 4), [200, 200, 200, 429])
  })

  test('looks up and resets a client', async () => {
    const { url, limiter } = await start({ store: new RateLimitStore(new CountsStandIn().source) })
    assert.equal(await limiter.getKey('127.0.0.1'), undefined)
    await statuses(url, 5)
    assert.equal((await limiter.getKey('127.0.0.1'))!.totalHits, 5)
    await limiter.resetKey('127.0.0.1')
    assert.deepEqual(await statuses(url, 4), [200, 200, 200, 429])
  })

  test('answers while Redis is away, also from the start, and tells it what it missed', async () => {
    const counts = new CountsStandIn()
    counts.away = UNSENT
    const { url } = await start({ store: new RateLimitStore(counts.source) })
    assert.deepEqual(await statuses(url, 5), [200, 200, 200, 429, 429])
    counts.away = undefined
    const { status } = await ask(url)
    assert.equal(status, 429)
    assert.equal((await counts.look('127.0.0.1'))!.total, 6)
    assert.deepEqual(complaints, [])
  })

  test('does as it is told where the store is to reject', async () => {
    const counts = new CountsStandIn()
    counts.away = UNSENT
    const closed = await start({ store: new RateLimitStore(counts.source, { onUnavailable: 'reject' }) })
    assert.deepEqual(await statuses(closed.url, 2), [500, 500])
    const open = await start({ store: new RateLimitStore(counts.source, { onUnavailable: 'reject', prefix: 'open:' }), passOnStoreError: true })
    assert.deepEqual(await statuses(open.url, 5), [200, 200, 200, 200, 200])
    counts.away = undefined
    assert.deepEqual(await statuses(closed.url, 4), [200, 200, 200, 429])
  })
})

describe('RateLimitStore', () => {
  const make = (counts: CountsStandIn, options?: object): RateLimitStore => {
    const store = new RateLimitStore(counts.source, options)
    store.init({ windowMs: 1000 })
    return store
  }

  test('says what express-rate-limit asks of a store', () => {
    const store = make(new CountsStandIn())
    assert.equal(store.localKeys, false)
    assert.equal(store.prefix, 'rl:')
    assert.equal(make(new CountsStandIn(), { prefix: 'login:' }).prefix, 'login:')
  })

  test('counts on beyond any limit, in a window that begins with the first hit', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 5_000_000 })
    const counts = new CountsStandIn()
    const store = make(counts)
    assert.deepEqual(await store.increment('a'), { totalHits: 1, resetTime: new Date(5_001_000) })
    counts.advance(400)
    assert.deepEqual(await store.increment('a'), { totalHits: 2, resetTime: new Date(5_000_600) })
    assert.deepEqual(await store.get('a'), { totalHits: 2, resetTime: new Date(5_000_600) })
    counts.advance(600)
    assert.equal(await store.get('a'), undefined)
    assert.equal((await store.increment('a')).totalHits, 1)
  })

  test('refuses a window, and keys, that are none', async () => {
    const store: any = new RateLimitStore(new CountsStandIn().source)
    await assert.rejects(store.increment('a'), { name: 'TypeError', message: /init must be called before/ })
    for (const windowMs of [0, -1, NaN, Infinity]) assert.throws(() => store.init({ windowMs }), { name: 'RangeError', message: /^options\.windowMs/ })
    assert.throws(() => store.init(), { name: 'TypeError', message: /^options\.windowMs/ })
    store.init({ windowMs: 1000 })
    for (const call of ['increment', 'decrement', 'get', 'resetKey']) {
      await assert.rejects(store[call](undefined), { name: 'TypeError', message: 'key must be a string, got undefined' })
      await assert.rejects(store[call](''), { name: 'TypeError', message: 'key must not be empty' })
    }
  })

  test('does not tell Redis again what was sent and not answered', async () => {
    const counts = new CountsStandIn()
    const store = make(counts)
    counts.away = SENT
    assert.equal((await store.increment('a')).totalHits, 1)
    counts.away = UNSENT
    assert.equal((await store.increment('a')).totalHits, 2)
    assert.equal((await store.get('a'))!.totalHits, 2)
    counts.away = undefined
    // The second one and this one; the first may be there already.
    assert.equal((await store.increment('a')).totalHits, 2)
    assert.equal(counts.asked.at(-1), 'add a 2')
  })

  test('does not tell Redis again what it was told late and did not confirm', async () => {
    const counts = new CountsStandIn()
    const store = make(counts)
    counts.away = UNSENT
    await store.increment('a')
    counts.away = SENT
    assert.equal((await store.increment('a')).totalHits, 2)
    assert.equal(counts.asked.at(-1), 'add a 2')
    counts.away = undefined
    await store.increment('a')
    assert.equal(counts.asked.at(-1), 'add a 1')
  })

  test('tells Redis each hit once, however many come back together', async () => {
    const counts = new CountsStandIn()
    const store = make(counts)
    counts.away = UNSENT
    await Promise.all(Array.from({ length: 20 }, () => store.increment('a')))
    counts.away = undefined
    await Promise.all(Array.from({ length: 20 }, () => store.increment('a')))
    assert.equal((await store.get('a'))!.totalHits, 40)
    counts.away = UNSENT
    assert.equal(await store.get('a'), undefined, 'nothing is kept here')
  })

  test('gives back first what Redis does not know of', async () => {
    const counts = new CountsStandIn()
    const store = make(counts)
    counts.away = UNSENT
    await store.increment('a')
    await store.increment('a')
    counts.away = undefined
    await store.decrement('a')
    assert.equal((await store.increment('a')).totalHits, 2)
    await store.decrement('b')
    assert.equal(await store.get('b'), undefined)
    counts.away = UNSENT
    await store.decrement('a')
  })

  test('does not pretend to have reset a client', async () => {
    const counts = new CountsStandIn()
    const store = make(counts)
    counts.away = UNSENT
    await assert.rejects(store.resetKey('a'), UNSENT)
    await assert.rejects(store.resetAll(), UNSENT)
  })

  test('tells that it counts alone, and hides no mistake behind that', async () => {
    const counts = new CountsStandIn()
    const store = make(counts)
    const events: unknown[] = []
    const record = (event: unknown) => void events.push(event)
    subscribe('redwright:limit:store-alone', record)
    counts.away = UNSENT
    await store.increment('a')
    await store.increment('a')
    counts.away = new TypeError('a defect')
    await assert.rejects(store.increment('a'), { message: 'a defect' })
    unsubscribe('redwright:limit:store-alone', record)
    assert.deepEqual(events, [{ code: 'ERR_UNAVAILABLE' }, { code: 'ERR_UNAVAILABLE' }])
  })
})

describe('hits in memory', () => {
  test('end with their window', () => {
    let now = 0
    const counts = new LocalCounts(() => now)
    assert.deepEqual(counts.hit('a', 100, true), { total: 1, resetMs: 100 })
    now = 60
    assert.deepEqual(counts.hit('a', 100, true), { total: 2, resetMs: 40 })
    now = 100
    assert.equal(counts.look('a'), null)
    assert.equal(counts.size, 0)
    assert.equal(counts.claim('a'), 0)
  })

  test('are kept for so many clients at most', () => {
    const counts = new LocalCounts(() => 0)
    for (let i = 0; i <= MOST; i++) counts.hit(`client ${i}`, 100, true)
    assert.equal(counts.size, MOST)
    assert.equal(counts.look('client 0'), null)
    assert.equal(counts.look(`client ${MOST}`).total, 1)
  })

  test('that were claimed in one window are not taken from the next', () => {
    let now = 0
    const counts = new LocalCounts(() => now)
    counts.hit('a', 100, true)
    assert.equal(counts.claim('a'), 1)
    now = 100
    counts.hit('a', 100, true)
    counts.paid('a', 1)
    assert.equal(counts.look('a').total, 1)
    assert.equal(counts.claim('a'), 1)
  })
})
