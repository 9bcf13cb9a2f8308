import { RateLimiter, type Redis, TypeSafeCache } from 'redwright'
import { cachedRoute, createCacheHandler, createUseCacheHandler, nextCacheMetrics, rateLimit, withRedwright } from 'redwright/next'

declare const redis: Redis

const config: { output: 'standalone' } = withRedwright({ output: 'standalone' as const }, { prefix: 'shop', cacheHandlers: ['default'], images: true, maxTtl: '7d' })
const ofPhase: (phase: string) => { basePath: string } = withRedwright((phase: string) => ({ basePath: `/${phase}` }))
void [config, ofPhase, withRedwright()]

const Handler = createCacheHandler({ redis, onUnavailable: 'stale' })
void new Handler({ serverDistDir: '.next/server' }).revalidateTag(['a', 'b'], { expire: 1 })
void createUseCacheHandler({ near: { maxBytes: 1 } }).updateTags(['a'])
const hits: number = nextCacheMetrics().hits

const cache = new TypeSafeCache(redis)
const GET = cachedRoute(cache, { ttl: 60, tags: (user: { id: string }) => [user.id] }, async (request: Request, { params }: { params: Promise<{ id: string }> }) => ({ id: (await params).id, url: request.url }))
const answer: Promise<Response> = GET(new Request('http://host'), { params: Promise.resolve({ id: '1' }) })

const limiter = new RateLimiter(redis)
const refused: Promise<Response | undefined> = rateLimit(new Request('http://host'), limiter, [{ limit: 1, period: '1s' }], { trustedProxies: 1 })
void [hits, answer, refused, rateLimit({ headers: {} }, limiter, { limit: 1, period: '1s' }, { key: () => 'me', headers: ['legacy', 'draft-8'] })]

// @ts-expect-error: no such option
withRedwright({}, { prefx: 'a' })
// @ts-expect-error: a client is no part of a configuration
withRedwright({}, { redis })
// @ts-expect-error: options are needed, since nobody says who the client is
void rateLimit(new Request('http://host'), limiter, { limit: 1, period: '1s' })
