import assert from 'node:assert/strict'
import type http from 'node:http'
import { afterEach, describe, mock, test } from 'node:test'
import connect from 'connect'
import express from 'express'
import express4 from 'express4'
import { rateLimitMiddleware } from '../express.js'
import { ask, type HttpServer, serve } from './support/http'
import { LimiterStandIn } from './support/limiter-stand-in'

type Middleware = (req: any, res: any, next: (error?: any) => void) => void

/** One application a framework: the middlewares, then `handler`. What goes to `next` as an error is answered with its message. */
const frameworks: Record<string, (middlewares: Middleware[], handler: http.RequestListener) => http.RequestListener> = {
  'node:http': (middlewares, handler) => (req, res) => {
    const step = (i: number, error?: any): void => {
      if (error) res.writeHead(500).end(error.message)
      else if (i === middlewares.length) handler(req, res)
      else middlewares[i](req, res, (error) => step(i + 1, error))
    }
    step(0)
  },
  Connect: (middlewares, handler) => withErrors(connect(), middlewares, handler),
  'Express 4': (middlewares, handler) => withErrors(express4(), middlewares, handler),
  'Express 5': (middlewares, handler) => withErrors(express(), middlewares, handler),
}
function withErrors(app: any, middlewares: Middleware[], handler: http.RequestListener): http.RequestListener {
  for (const middleware of middlewares) app.use(middleware)
  app.use((req: any, res: any) => handler(req, res))
  app.use((error: any, _req: any, res: any, _next: any) => void (res.writeHead(500), res.end(error.message)))
  return app
}

let server: HttpServer | undefined
afterEach(async () => {
  mock.timers.reset()
  await server?.close()
  server = undefined
})
const ok: http.RequestListener = (_req, res) => void res.end('ok')

async function start(limiter: LimiterStandIn, options: any, framework = 'Express 5', handler = ok): Promise<string> {
  server = await serve(frameworks[framework]([rateLimitMiddleware(limiter, options)], handler))
  return server.url
}

for (const framework of Object.keys(frameworks)) {
  describe(`rateLimitMiddleware on ${framework}`, () => {
    test('lets so many pass, and refuses the next in words that clients know', async () => {
      mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 })
      const limiter = new LimiterStandIn()
      const url = await start(limiter, { limit: 2, window: '1m' }, framework)
      const first = await ask(url)
      assert.equal(first.status, 200)
      assert.equal(first.body, 'ok')
      assert.equal(first.headers.get('x-ratelimit-limit'), '2')
      assert.equal(first.headers.get('x-ratelimit-remaining'), '1')
      assert.equal(first.headers.get('x-ratelimit-reset'), '1800000060')
      assert.equal(first.headers.get('ratelimit-policy'), '"limit-2-in-1m";q=2;w=60')
      assert.equal(first.headers.get('ratelimit'), '"limit-2-in-1m";r=1;t=60')
      assert.equal(first.headers.get('retry-after'), null)
      assert.equal((await ask(url)).status, 200)

      limiter.advance(20_500)
      const refused = await ask(url)
      assert.equal(refused.status, 429)
      assert.equal(refused.headers.get('content-type'), 'application/problem+json')
      assert.equal(refused.headers.get('retry-after'), '40')
      assert.equal(refused.headers.get('ratelimit'), '"limit-2-in-1m";r=0;t=40')
      assert.equal(refused.headers.get('cache-control'), 'no-store')
      assert.deepEqual(JSON.parse(refused.body), {
        type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
        title: 'Request cannot be satisfied as assigned quota has been exceeded',
        status: 429,
        detail: 'Try again in 40 seconds.',
        'violated-policies': ['limit-2-in-1m'],
      })
      limiter.advance(39_500)
      assert.equal((await ask(url)).status, 200)
    })

    test('counts by the address of the socket', async () => {
      const limiter = new LimiterStandIn()
      await ask(await start(limiter, { limit: 2, window: 60 }, framework))
      assert.deepEqual(limiter.asked, [{ call: 'check', key: '127.0.0.1', names: ['limit-2-in-1m'], units: 1 }])
    })

    test('gives what a function of the options throws to next, once', async () => {
      const failing = async () => {
        throw new Error('mine')
      }
      const throwing = () => {
        throw new Error('mine')
      }
      for (const fails of [failing, throwing]) {
        for (const name of ['keyGenerator', 'skip', 'limit', 'cost', 'onLimited']) {
          const url = await start(new LimiterStandIn(), { limit: name === 'onLimited' ? 0 : 1, window: 60, [name]: fails }, framework)
          const { status, body } = await ask(url)
          assert.deepEqual([status, body], [500, 'mine'], name)
          await server!.close()
          server = undefined
        }
      }
    })

    test('answers a HEAD and a request with a body', async () => {
      const url = await start(new LimiterStandIn(), { limit: 0, window: 60 }, framework)
      const head = await ask(url, { method: 'HEAD' })
      assert.deepEqual([head.status, head.body], [429, ''])
      assert.equal((await ask(url, { method: 'POST', body: 'x'.repeat(200_000) })).status, 429)
    })
  })
}

describe('rateLimitMiddleware', () => {
  test('decides on several policies at once, and names those that refused', async () => {
    const limiter = new LimiterStandIn()
    const policies = [
      { name: 'burst', limit: 1, period: '1s' },
      { name: 'day', limit: 5000, period: '1d', algorithm: 'fixedWindow' },
    ]
    const url = await start(limiter, { policies })
    const { headers } = await ask(url)
    assert.equal(headers.get('ratelimit-policy'), '"burst";q=1;w=1, "day";q=5000;w=86400')
    assert.equal(headers.get('x-ratelimit-limit'), '1')
    const refused = await ask(url)
    assert.deepEqual(JSON.parse(refused.body)['violated-policies'], ['burst'])
    assert.match(refused.headers.get('ratelimit')!, /^"burst";r=0;t=1, "day";r=4999;t=86400$/)
    assert.deepEqual(limiter.asked.map(({ names }) => names), [['burst', 'day'], ['burst', 'day']])
  })

  test('takes limits, policies, keys and costs from the request', async () => {
    const limiter = new LimiterStandIn()
    const url = await start(limiter, {
      name: 'api',
      policies: async (req: any) => ({ name: 'tier', limit: req.headers.tier === 'gold' ? 100 : 10, period: 60_000, algorithm: 'fixedWindow' }),
      keyGenerator: async (req: any) => `user:${req.headers.user}`,
      cost: (req: any) => Number(req.headers.cost),
      headers: 'legacy',
    })
    const { headers } = await ask(url, { headers: { tier: 'gold', user: 'ada', cost: '7' } })
    assert.equal(headers.get('x-ratelimit-limit'), '100')
    assert.equal(headers.get('x-ratelimit-remaining'), '93')
    assert.equal(headers.get('ratelimit'), null)
    assert.equal((await ask(url, { headers: { user: 'bob', cost: '11' } })).status, 429)
    assert.deepEqual(limiter.asked.map(({ key, units }) => [key, units]), [['api:user:ada', 7], ['api:user:bob', 11]])
  })

  test('takes a limit from the request', async () => {
    const url = await start(new LimiterStandIn(), { limit: (req: any) => Number(req.headers.limit), window: 60 })
    const { headers } = await ask(url, { headers: { limit: '5' } })
    assert.equal(headers.get('ratelimit'), '"limit-in-1m";r=4;t=60')
  })

  test('says nothing of when where a request can never pass', async () => {
    const url = await start(new LimiterStandIn(), { limit: 5, window: 60, cost: 6 })
    const { status, headers, body } = await ask(url)
    assert.equal(status, 429)
    assert.equal(headers.get('retry-after'), null)
    assert.equal(JSON.parse(body).detail, 'This request asks for more than can ever be given.')
  })

  test('lets nothing pass for a limit, cost, key or policy that is none', async () => {
    const wrong: [options: any, message: RegExp][] = [
      [{ limit: async () => undefined, window: 60 }, /^options\.limit\(\) must be a number, got undefined/],
      [{ limit: () => NaN, window: 60 }, /^options\.limit\(\) must be an integer/],
      [{ limit: () => '10', window: 60 }, /^options\.limit\(\) must be a number, got a string/],
      [{ limit: 10, window: 60, cost: () => 0 }, /^options\.cost\(\) must be an integer from 1/],
      [{ limit: 10, window: 60, cost: () => Infinity }, /^options\.cost\(\) must be an integer/],
      [{ policies: () => [] }, /^options\.policies\(\) must be 1 to 16 policies, got 0/],
      [{ policies: async () => undefined }, /^options\.policies\(\) must be an object, got undefined/],
      [{ policies: () => ({ limit: 1, period: 0 }) }, /^options\.policies\(\)\.period must be from 1 ms/],
      [{ limit: 10, window: 60, keyGenerator: () => undefined }, /^keyGenerator must give a string that is not empty, got undefined/],
      [{ limit: 10, window: 60, keyGenerator: () => '' }, /^keyGenerator must give a string that is not empty, got an empty one/],
      [{ limit: 10, window: 60, keyGenerator: async () => 42 }, /^keyGenerator must give a string that is not empty, got a number/],
    ]
    for (const [options, message] of wrong) {
      const limiter = new LimiterStandIn()
      const { status, body } = await ask(await start(limiter, options))
      assert.equal(status, 500, String(message))
      assert.match(body, message)
      assert.deepEqual(limiter.asked, [], 'nothing is counted')
      await server!.close()
    }
    server = undefined
  })

  test('lets nothing pass for what is thrown and is no error', async () => {
    for (const thrown of [undefined, null, 'route', 'router', 0, false]) {
      const url = await start(new LimiterStandIn(), { limit: 10, window: 60, keyGenerator: () => Promise.reject(thrown) })
      assert.equal((await ask(url)).status, 500, String(thrown))
      await server!.close()
    }
    server = undefined
  })

  test('gives what the limiter rejects with to next', async () => {
    const limiter = new LimiterStandIn()
    limiter.fails = new TypeError('key must not contain a NUL character')
    const { status, body } = await ask(await start(limiter, { limit: 1, window: 60 }))
    assert.deepEqual([status, body], [500, 'key must not contain a NUL character'])
  })

  test('does not count what is skipped, and tells it nothing', async () => {
    const limiter = new LimiterStandIn()
    const url = await start(limiter, { limit: 0, window: 60, skip: async (req: any) => req.url === '/health' })
    const { status, headers } = await ask(`${url}/health`)
    assert.deepEqual([status, headers.get('ratelimit')], [200, null])
    assert.deepEqual(limiter.asked, [])
    assert.equal((await ask(url)).status, 429)
  })

  test('leaves the answer to onLimited, with the header fields set', async () => {
    const url = await start(new LimiterStandIn(), {
      limit: 0,
      window: 60,
      onLimited: async (_req: any, res: any, _next: any, decision: any) => res.status(420).json({ left: decision.remaining }),
    })
    const { status, headers, body } = await ask(url)
    assert.deepEqual([status, body], [420, '{"left":0}'])
    assert.equal(headers.get('x-ratelimit-limit'), '0')
  })

  test('lets a request pass that onLimited lets pass', async () => {
    const url = await start(new LimiterStandIn(), { limit: 0, window: 60, onLimited: (_req: any, _res: any, next: any) => next() })
    assert.equal((await ask(url)).status, 200)
  })

  test('calls next once, whatever onLimited does', async () => {
    let calls = 0
    const middleware = rateLimitMiddleware(new LimiterStandIn(), {
      limit: 0,
      window: 60,
      headers: false,
      onLimited: async (_req, _res, next) => {
        next()
        next()
        throw new Error('too late')
      },
    })
    middleware({ headers: {}, socket: { remoteAddress: '127.0.0.1' } }, {} as any, () => void calls++)
    await new Promise(setImmediate)
    assert.equal(calls, 1)
  })

  test('answers a refusal without Redis as reduced capacity, with a status of its own', async () => {
    const limiter = new LimiterStandIn()
    limiter.degraded = true
    const url = await start(limiter, { limit: 0, window: 60 })
    const { status, body } = await ask(url)
    assert.equal(status, 503)
    const problem = JSON.parse(body)
    assert.equal(problem.type, 'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity')
    assert.equal(problem.status, 503)
    await server!.close()
    assert.equal((await ask(await start(limiter, { limit: 0, window: 60, degradedStatusCode: 429 }))).status, 429)
    await server!.close()
    limiter.degraded = false
    assert.equal((await ask(await start(limiter, { limit: 0, window: 60, statusCode: 418 }))).status, 418)
  })

  test('writes no field where none is wanted, but Retry-After', async () => {
    const limiter = new LimiterStandIn()
    const url = await start(limiter, { limit: 1, window: 60, headers: false })
    const names = (headers: Headers) => [...headers.keys()].filter((name) => /ratelimit|retry/.test(name))
    assert.deepEqual(names((await ask(url)).headers), [])
    assert.deepEqual(names((await ask(url)).headers), ['retry-after'])
  })

  test('tells the policies of two middlewares in one list', async () => {
    const limiter = new LimiterStandIn()
    const all = rateLimitMiddleware(limiter, { name: 'all', limit: 100, window: 60 })
    const logins = rateLimitMiddleware(limiter, { name: 'logins', limit: 5, window: 3600 })
    server = await serve(frameworks['Express 5']([all, logins], ok))
    const { headers } = await ask(server.url)
    assert.equal(headers.get('ratelimit-policy'), '"all";q=100;w=60, "logins";q=5;w=3600')
    assert.equal(headers.get('ratelimit'), '"all";r=99;t=60, "logins";r=4;t=3600')
    assert.deepEqual(limiter.asked.map(({ key }) => key), ['all:127.0.0.1', 'logins:127.0.0.1'])
  })

  test('keeps limits without a name apart by what they are', async () => {
    const limiter = new LimiterStandIn()
    const middlewares = [[100, '1m'], [5, '1m'], [5, '90s'], [5, '1d'], [5, '250ms']].map(([limit, window]: any) => rateLimitMiddleware(limiter, { limit, window }))
    server = await serve(frameworks['Express 5'](middlewares, ok))
    await ask(server.url)
    assert.deepEqual(limiter.asked.flatMap(({ names }) => names), ['limit-100-in-1m', 'limit-5-in-1m', 'limit-5-in-90s', 'limit-5-in-1d', 'limit-5-in-250ms'])
  })

  test('warns of a request that is counted twice for one limit', async () => {
    const warnings: any[] = []
    const listen = (warning: any) => void warnings.push(warning)
    process.on('warning', listen)
    const limiter = new LimiterStandIn()
    const same = () => rateLimitMiddleware(limiter, { limit: 100, window: 60 })
    const other = rateLimitMiddleware(new LimiterStandIn(), { limit: 100, window: 60 })
    server = await serve(frameworks['Express 5']([same(), other], ok))
    await ask(server.url)
    await new Promise(setImmediate)
    assert.deepEqual(warnings, [])
    await server.close()
    server = await serve(frameworks['Express 5']([same(), same()], ok))
    await ask(server.url)
    await ask(server.url)
    await new Promise(setImmediate)
    process.off('warning', listen)
    assert.deepEqual(warnings.map(({ code }) => code), ['REDWRIGHT_LIMIT_COUNTED_TWICE'])
  })

  test('counts all without an address together in production, and refuses to in development', async () => {
    const limiter = new LimiterStandIn()
    const blind: Middleware = (req, _res, next) => {
      Object.defineProperty(req, 'ip', { value: undefined })
      Object.defineProperty(req.socket, 'remoteAddress', { value: undefined, configurable: true })
      next()
    }
    server = await serve(frameworks['node:http']([blind, rateLimitMiddleware(limiter, { limit: 1, window: 60 })], ok))
    const before = process.env.NODE_ENV
    try {
      delete process.env.NODE_ENV
      assert.match((await ask(server.url)).body, /has no IP address/)
      process.env.NODE_ENV = 'production'
      assert.equal((await ask(server.url)).status, 200)
      assert.equal((await ask(server.url)).status, 429)
    } finally {
      if (before === undefined) delete process.env.NODE_ENV
      else process.env.NODE_ENV = before
    }
    assert.deepEqual(limiter.asked.map(({ key }) => key), ['no-key', 'no-key'])
  })

  test('ends a response whose head is out and that it cannot refuse any more', async () => {
    const limiter = new LimiterStandIn()
    const begin: Middleware = (_req, res, next) => {
      res.write('begun')
      next()
    }
    server = await serve(frameworks['node:http']([begin, rateLimitMiddleware(limiter, { limit: 0, window: 60 })], ok))
    await assert.rejects(ask(server.url))
  })
})
