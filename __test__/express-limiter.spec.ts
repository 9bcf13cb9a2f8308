import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import express from 'express'
import { RateLimitStore, rateLimitHeaders, rateLimitMiddleware } from '../express.js'
import { RateLimiter, Redis } from '../index.js'
import type { RateLimitPolicy } from '../index.js'
import { onEveryBackend } from './support/backends'
import { MortalServer } from './support/client-server'
import { ask, type HttpServer, serve } from './support/http'
import { until } from './support/until'

const open: HttpServer[] = []
after(() => Promise.all(open.map((server) => server.close())))

/** An application with one middleware in front of a handler that answers with the status that is asked for. */
async function start(middleware: any): Promise<string> {
  const app = express()
  app.use(middleware)
  app.use((req, res) => void res.status(Number(req.query.status ?? 200)).send('ok'))
  const server = await serve(app)
  open.push(server)
  return server.url
}
const statuses = async (url: string, times: number) => {
  const list: number[] = []
  for (let i = 0; i < times; i++) list.push((await ask(url)).status)
  return list
}
let prefixes = 0
const prefix = () => `express-${++prefixes}`

onEveryBackend('rateLimitMiddleware over a RateLimiter', (backend) => {
  test('lets as many through as the window has', async () => {
    const url = await start(rateLimitMiddleware(new RateLimiter(backend.redis, { prefix: prefix() }), { limit: 2, window: 60 }))
    const answers = [await ask(url), await ask(url), await ask(url)]
    assert.deepEqual(answers.map(({ status }) => status), [200, 200, 429])
    assert.deepEqual(answers.map(({ headers }) => headers.get('x-ratelimit-remaining')), ['1', '0', '0'])
    assert.match(String(answers[2]!.headers.get('retry-after')), /^([1-5]?\d|60)$/)
    assert.match(String(answers[2]!.headers.get('content-type')), /^application\/problem\+json/)
  })

  test('several policies count all or none, and the list tells of each', async () => {
    const policies: RateLimitPolicy[] = [
      { name: 'burst', limit: 2, period: '1h', algorithm: 'fixedWindow' },
      { name: 'day', limit: 10, period: '1d', algorithm: 'fixedWindow' },
    ]
    const url = await start(rateLimitMiddleware(new RateLimiter(backend.redis, { prefix: prefix() }), { policies, headers: 'draft-10' }))
    assert.deepEqual(await statuses(url, 4), [200, 200, 429, 429])
    const { headers } = await ask(url)
    assert.equal(headers.get('ratelimit-policy'), '"burst";q=2;w=3600, "day";q=10;w=86400')
    assert.match(String(headers.get('ratelimit')), /^"burst";r=0;t=\d+, "day";r=8;t=\d+$/)
  })

  test('what failed does not count where it shall not', async () => {
    const limiter = new RateLimiter(backend.redis, { prefix: prefix() })
    const policy: RateLimitPolicy = { name: 'one', limit: 1, period: '1h', algorithm: 'fixedWindow' }
    const url = await start(rateLimitMiddleware(limiter, { policies: policy, keyGenerator: () => 'a', skipFailedRequests: true }))
    assert.equal((await ask(`${url}?status=500`)).status, 500)
    await until('it is given back', async () => (await limiter.peek('a', policy)).allowed)
    assert.deepEqual(await statuses(url, 2), [200, 429])
  })

  test('a route handler of the Web kind asks the limiter itself', async () => {
    const limiter = new RateLimiter(backend.redis, { prefix: prefix() })
    const policies: RateLimitPolicy[] = [{ name: 'api', limit: 1, period: '1m' }]
    const GET = async (request: Request): Promise<Response> => {
      const decision = await limiter.check(request.headers.get('x-api-key') ?? 'nobody', policies)
      const headers = rateLimitHeaders(decision, { policies })
      return decision.allowed ? Response.json({ ok: true }, { headers }) : new Response(null, { status: 429, headers })
    }
    const request = new Request('http://localhost/api', { headers: { 'x-api-key': 'k' } })
    const [first, second] = [await GET(request), await GET(request)]
    assert.deepEqual([first.status, second.status], [200, 429])
    assert.ok(Number(second.headers.get('retry-after')) >= 1)
  })

  test('a RateLimitStore over a limiter counts beyond the limit, and forgets one and all', async () => {
    const store = new RateLimitStore(new RateLimiter(backend.redis), { prefix: `${prefix()}*:` })
    store.init({ windowMs: 60_000 } as any)
    assert.equal(await store.get('a'), undefined)
    await store.decrement('a')
    assert.equal(await store.get('a'), undefined)
    for (let i = 1; i <= 3; i++) assert.equal((await store.increment('a')).totalHits, i)
    await store.decrement('a')
    assert.equal((await store.get('a'))?.totalHits, 2)
    await store.increment('b')
    await store.resetKey('a')
    assert.equal(await store.get('a'), undefined)
    await store.resetAll()
    assert.equal(await store.get('b'), undefined)
  })
})

describe('rateLimitMiddleware while Redis is away', () => {
  test('answers by itself, and counts in Redis when that is there', async () => {
    await using server = MortalServer.prepare()
    await using redis = new Redis({ url: server.url, reconnect: { minMs: 5, maxMs: 50 } })
    const limiter = new RateLimiter(redis)
    const url = await start(rateLimitMiddleware(limiter, { limit: 2, window: 3600 }))
    assert.deepEqual(await statuses(url, 3), [200, 200, 503])
    await server.start()
    await until('Redis decides, and knows what was allowed before', async () => {
      const { status } = await ask(url)
      return status === 429
    })
  })
})
