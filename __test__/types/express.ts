import http from 'node:http'
import connect from 'connect'
import express, { type Request, type Response } from 'express'
import { rateLimit } from 'express-rate-limit'
import express4 from 'express4'
import { RateLimiter, Redis, type RateLimitDecision } from 'redwright'
import { clientKey, rateLimitHeaders, rateLimitMiddleware, RateLimitStore } from 'redwright/express'
import type { RateLimitHits, RateLimitNext, RateLimitRequest, RateLimitResponse } from 'redwright/express'
import { is } from './assert.js'

const redis = new Redis()
const limiter = new RateLimiter(redis)

// Each framework takes it as it is.
const simple = rateLimitMiddleware(limiter, { limit: 100, window: 60 })
is<(req: RateLimitRequest, res: RateLimitResponse, next: RateLimitNext) => void>()(simple)
express().use(simple)
express().get('/login', simple, (_req, res) => void res.end())
express.Router().use('/api', simple)
express4().use(simple)
express4().get('/login', simple, (_req, res) => void res.end())
connect().use(simple)
http.createServer((req, res) => simple(req, res, () => res.end()))
http.createServer((req, res) => simple(req, res, (error) => res.end(String(error))))

// The types of a framework come with the functions that name them.
const rich = rateLimitMiddleware(limiter, {
  name: 'api',
  policies: [
    { name: 'burst', limit: 10, period: '1s' },
    { name: 'day', limit: 5000, period: '1d', algorithm: 'fixedWindow' },
  ],
  keyGenerator: (req: Request) => req.get('x-api-key') ?? clientKey(req),
  cost: async (req) => Number(req.query.pages),
  skip: (req) => req.path === '/health',
  onLimited: (_req, res: Response, next, decision) => {
    is<RateLimitDecision>()(decision)
    is<RateLimitNext>()(next)
    res.status(429).json({ retryAfterMs: decision.retryAfterMs })
  },
  skipFailedRequests: true,
  skipSuccessfulRequests: false,
  requestWasSuccessful: (_req, res) => res.statusCode < 500,
  headers: ['legacy', 'draft-8'],
  unit: 'content-bytes',
  statusCode: 429,
  degradedStatusCode: 429,
  ipv6Subnet: 64,
  trustProxyCheck: false,
})
express().use(rich)
// @ts-expect-error: its functions ask for requests of Express
connect().use(rich)

// Without them, what all requests have is known.
rateLimitMiddleware(limiter, {
  policies: async (req) => ({ limit: req.headers.tier === 'gold' ? 1000 : 10, period: '1m' }),
  keyGenerator: (req) => {
    is<string | undefined>()(req.ip)
    return req.ip ?? 'nobody'
  },
})
rateLimitMiddleware(limiter, { limit: async (req) => (req.ip === '127.0.0.1' ? 1000 : 10), window: '1m', algorithm: 'gcra', headers: false })
rateLimitMiddleware({ check: (key, policies, options) => limiter.check(key, policies, options), refund: (key, policies) => limiter.refund(key, policies) }, { limit: 1, window: 1 })

// @ts-expect-error: no window
rateLimitMiddleware(limiter, { limit: 100 })
// @ts-expect-error: neither limit nor policies
rateLimitMiddleware(limiter, {})
// @ts-expect-error: both
rateLimitMiddleware(limiter, { limit: 100, window: 60, policies: [{ limit: 1, period: '1s' }] })
// @ts-expect-error: not a unit of time
rateLimitMiddleware(limiter, { limit: 100, window: '1w' })
// @ts-expect-error: not an option
rateLimitMiddleware(limiter, { limit: 100, window: 60, windowMs: 60_000 })
// @ts-expect-error: not a form
rateLimitMiddleware(limiter, { limit: 100, window: 60, headers: 'draft-9' })
// @ts-expect-error: not a limiter
rateLimitMiddleware(redis, { limit: 100, window: 60 })
// @ts-expect-error: a key is a string
rateLimitMiddleware(limiter, { limit: 100, window: 60, keyGenerator: () => 42 })

is<string>()(clientKey('203.0.113.7'))
is<string>()(clientKey(new http.IncomingMessage(null as never), { ipv6Subnet: 64 }))

export async function GET(_request: globalThis.Request): Promise<globalThis.Response> {
  const policies = [{ name: 'api', limit: 100, period: '1m' }] as const
  const decision = await limiter.check('ada', policies)
  const headers = rateLimitHeaders(decision, { policies, headers: 'draft-10', unit: 'requests' })
  is<Record<string, string>>()(headers)
  rateLimitHeaders(await limiter.fixedWindow('ada', 100, 60))
  return globalThis.Response.json({}, { headers })
}

const store = new RateLimitStore(redis, { prefix: 'api:', timeoutMs: '50ms', onUnavailable: 'reject' })
new RateLimitStore(limiter)
express().use(rateLimit({ limit: 100, windowMs: 60_000, store }))
export async function calls(): Promise<void> {
  is<RateLimitHits>()(await store.increment('a'))
  is<RateLimitHits | undefined>()(await store.get('a'))
  is<void>()(await store.decrement('a'))
  is<number>()((await store.increment('a')).totalHits)
  is<Date>()((await store.increment('a')).resetTime)
}
// @ts-expect-error: an option of rate-limit-redis
new RateLimitStore(redis, { sendCommand: () => {} })
// @ts-expect-error: not a way to go on
new RateLimitStore(redis, { onUnavailable: 'allow' })
