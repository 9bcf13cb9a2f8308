import connect from 'connect'
import express, { type Request, type Response } from 'express'
import express4 from 'express4'
import http from 'node:http'
import { type Redis, TypeSafeCache } from 'redwright'
import { cacheMiddleware, type CacheExplanation } from 'redwright/express'

declare const redis: Redis
const cached = cacheMiddleware(redis, { ttl: 3600 })

express().use(cached)
express().get('/users/:id', cached, (_req, res) => res.json({}))
express4().use(cached)
express4().get('/users/:id', cached, (_req, res) => res.json({}))
connect().use(cached)
http.createServer((req, res) => cached(req, res, () => res.end()))

express().get('/users/:id', cacheMiddleware<Request, Response>(redis, { ttl: '1h', keyGenerator: (req) => `user:${req.params.id}`, tags: (req, res) => [req.path, String(res.statusCode)] }))
express().use(cacheMiddleware(new TypeSafeCache(redis), { mode: 'http', vary: ['authorization'], statuses: [404], query: ['page'] }))

const count: Promise<number> = cached.purge('/users/1')
const other: Promise<number> = cached.purge({ tag: 'users' })
const why: Promise<CacheExplanation> = cached.explain({ method: 'GET', url: '/', headers: {}, socket: {} })
void [count, other, why, cached.metrics().hits]

// @ts-expect-error: one of them
void cached.purge({ url: '/', tags: 'x' })
// @ts-expect-error: no such option
cacheMiddleware(redis, { ttl: 1, keygen: () => 'x' })
// @ts-expect-error: not a duration
cacheMiddleware(redis, { ttl: '1 hour' })
