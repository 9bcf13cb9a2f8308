import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { clientKey, rateLimitHeaders } from '../express.js'
import type { RateLimitPolicy } from '../index.js'
import { LimiterStandIn } from './support/limiter-stand-in'

const limiter = new LimiterStandIn()
const policies: RateLimitPolicy[] = [{ name: 'api', limit: 2, period: 60_000, algorithm: 'fixedWindow' }]

/** A route handler as Next.js has them: what it gets and gives are those of the Web. */
async function GET(request: Request): Promise<Response> {
  const address = request.headers.get('x-forwarded-for')?.split(',')[0] ?? ''
  const decision = await limiter.check(clientKey(address), policies)
  const headers = rateLimitHeaders(decision, { policies, headers: 'draft-10' })
  if (!decision.allowed) return new Response('Too many requests', { status: 429, headers })
  return Response.json({ ok: true }, { headers })
}

describe('a route handler', () => {
  test('limits by limiter.check, and tells its clients by the same header fields', async () => {
    const ask = () => GET(new Request('http://localhost/api', { headers: { 'x-forwarded-for': '::ffff:203.0.113.7, 10.0.0.1' } }))
    const first = await ask()
    assert.equal(first.status, 200)
    assert.deepEqual(await first.json(), { ok: true })
    assert.equal(first.headers.get('ratelimit-policy'), '"api";q=2;w=60')
    assert.equal(first.headers.get('ratelimit'), '"api";r=1;t=60')
    assert.equal(first.headers.get('retry-after'), null)
    await ask()
    const refused = await ask()
    assert.equal(refused.status, 429)
    assert.match(refused.headers.get('retry-after')!, /^(60|59)$/)
    assert.deepEqual(limiter.asked.map(({ key }) => key), ['203.0.113.7', '203.0.113.7', '203.0.113.7'])
  })
})
