import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CacheManager, RateLimiter, TypeSafeCache } from '../index.js'
import { cachedRoute, rateLimit } from '../next.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'

/** A response of the Pages Router. */
class ApiResponse {
  statusCode = 200
  readonly headers: Record<string, string> = {}
  body: string | undefined
  ended = false
  setHeader(name: string, value: string) {
    this.headers[name.toLowerCase()] = value
  }
  end(body?: string) {
    this.body = body
    this.ended = true
  }
}

const SITE = 'https://example.com'

onEveryBackend('a route handler of Next.js', (backend) => {
  const cacheOf = () => new TypeSafeCache(backend.redis, { namespace: fresh() })

  test('answers from the cache, in both routers', async () => {
    let loads = 0
    const GET = cachedRoute(cacheOf(), { ttl: 60 }, async (_request, { params }: any) => ({ id: (await params).id, loads: ++loads }))
    const context = { params: Promise.resolve({ id: '7' }) }
    for (const expected of ['MISS', 'HIT', 'HIT']) {
      const answer: Response = await GET(new Request(`${SITE}/api/users/7?a=1&b=2`), context)
      assert.deepEqual([answer.status, answer.headers.get('x-cache'), answer.headers.get('content-type')], [200, expected, 'application/json'])
      assert.deepEqual(await answer.json(), { id: '7', loads: 1 })
    }
    assert.equal((await GET(new Request(`${SITE}/api/users/7?b=2&a=1`), context)).headers.get('x-cache'), 'HIT')
    assert.equal((await GET(new Request(`${SITE}/api/users/7?a=2&b=2`), context)).headers.get('x-cache'), 'MISS')
    const handler = cachedRoute(cacheOf(), { ttl: 60 }, (request: any) => ({ of: request.url }))
    for (const expected of ['MISS', 'HIT']) {
      const response = new ApiResponse()
      await handler({ method: 'GET', url: '/api/x', headers: {} }, response as any)
      assert.deepEqual([response.statusCode, response.headers['x-cache'], response.body], [200, expected, '{"of":"/api/x"}'])
    }
  })

  test('says nothing for HEAD, 404 for nothing, 405 for what else there is, and throws what its load throws', async () => {
    const cache = cacheOf()
    const GET = cachedRoute(cache, { key: (request: Request) => new URL(request.url).pathname }, (request: Request) => {
      if (request.url.endsWith('/none')) return undefined
      if (request.url.endsWith('/null')) return null
      if (request.url.endsWith('/response')) return new Response('x')
      if (request.url.endsWith('/bad')) throw new RangeError('no')
      return { a: 1 }
    })
    const ask = async (path: string, method = 'GET'): Promise<Response> => GET(new Request(SITE + path, { method }))
    assert.equal(await (await ask('/a', 'HEAD')).text(), '')
    assert.equal(await (await ask('/a')).text(), '{"a":1}')
    assert.equal((await ask('/none')).status, 404)
    assert.equal(await (await ask('/null')).text(), 'null')
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const refused = await ask('/a', method)
      assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'GET, HEAD'])
    }
    await assert.rejects(ask('/bad'), RangeError)
    await assert.rejects(ask('/response'), /load must give data, got a Response/)
  })

  test('is over by its tags', async () => {
    const cache = cacheOf()
    let version = 0
    const GET = cachedRoute(cache, { ttl: 60, tags: (data: any) => [`user ${data.id}`] }, () => ({ id: 7, version: ++version }))
    const versionOf = async () => (await (await GET(new Request(`${SITE}/a`))).json()).version
    assert.deepEqual([await versionOf(), await versionOf()], [1, 1])
    await new CacheManager(backend.redis, { namespace: cache.namespace }).invalidateByTag('user 7')
    assert.equal(await versionOf(), 2)
  })

  test('refuses arguments that are none', () => {
    const cache = cacheOf()
    for (const args of [[null, {}, () => 1], [cache, { tll: 1 }, () => 1], [cache, {}, 1], [cache, { key: 1 }, () => 1], [cache, { key: '' }, () => 1]]) {
      assert.throws(() => (cachedRoute as any)(...args), (error: any) => error.code === 'ERR_INVALID_ARG')
    }
  })

  test('is limited by whom the proxies have seen, and not by what clients say', async () => {
    const limiter = new RateLimiter(backend.redis, { prefix: fresh() })
    const policies = { name: 'api', limit: 2, period: '1h' } as const
    const ask = (forwarded: string, proxies = 1) => rateLimit(new Request(SITE, { headers: { 'x-forwarded-for': forwarded } }), limiter, policies, { trustedProxies: proxies })
    assert.equal(await ask('1.1.1.1, 9.9.9.9'), undefined)
    assert.equal(await ask('2.2.2.2,9.9.9.9'), undefined)
    const refused = (await ask('3.3.3.3, ::ffff:9.9.9.9'))!
    assert.equal(refused.status, 429)
    assert.equal(refused.headers.get('content-type'), 'application/problem+json')
    assert.match(refused.headers.get('ratelimit')!, /^"api";r=0/)
    assert.match(refused.headers.get('retry-after')!, /^\d+$/)
    assert.deepEqual(((await refused.json()) as any)['violated-policies'], ['api'])
    assert.equal(await ask('9.9.9.9, 8.8.8.8'), undefined)
    assert.equal((await ask('9.9.9.9, 8.8.8.8', 2))!.status, 429)
  })

  test('is limited in the Pages Router, with header fields on every answer', async () => {
    const limiter = new RateLimiter(backend.redis, { prefix: fresh() })
    const ask = async (response: ApiResponse) => rateLimit({ headers: {}, method: 'GET' }, limiter, { limit: 1, period: '1h' }, { key: 'me', response, headers: 'draft-6' })
    const [first, second] = [new ApiResponse(), new ApiResponse()]
    assert.equal(await ask(first), undefined)
    assert.deepEqual([first.headers['ratelimit-remaining'], first.ended], ['0', false])
    assert.equal((await ask(second))!.status, 429)
    assert.deepEqual([second.statusCode, second.ended, JSON.parse(second.body!).status], [429, true, 429])
  })

  test('refuses limits that are none, and requests of nobody', async () => {
    const limiter = new RateLimiter(backend.redis, { prefix: fresh() })
    const ok = { limit: 1, period: '1h' } as const
    const bad: [limiter: any, policies: any, options: any][] = [
      [{}, ok, { key: 'a' }], [limiter, { limit: -1, period: '1h' }, { key: 'a' }], [limiter, [], { key: 'a' }], [limiter, ok, {}], [limiter, ok, { trustedProxies: 0 }],
      [limiter, ok, { key: 'a', headers: 'draft-99' }], [limiter, ok, { kay: 'a' }], [limiter, ok, { key: 'a', cost: -1 }],
    ]
    for (const [who, policies, options] of bad) await assert.rejects(rateLimit(new Request(SITE), who, policies, options), (error: any) => error.code === 'ERR_INVALID_ARG', JSON.stringify(options))
    await assert.rejects(rateLimit(new Request(SITE), limiter, ok, { trustedProxies: 1 }), /no IP address/)
    await assert.rejects(rateLimit(new Request(SITE), limiter, ok, { key: () => '' }), /not empty/)
  })
})
