import { CacheManager, getRedis, RateLimiter, TypeSafeCache } from 'redwright'

/** The same client that the cache of Next.js has, so that a process has one connection. */
const redis = getRedis()

export const products = new TypeSafeCache(redis, { namespace: 'example-products', ttl: '1h' })
export const notes = new TypeSafeCache(redis, { namespace: 'example-notes', ttl: '30d' })
export const tags = new CacheManager(redis)
export const limiter = new RateLimiter(redis, { prefix: 'example-limit' })
