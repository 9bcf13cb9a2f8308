'use strict'

// What browsers and the edge runtime are given in place of the package: neither can load native code.

const message =
  'redwright is native code and works in the Node.js runtime only, not in a browser or in the edge runtime. ' +
  "Import it in server code, and in Next.js let the route say: export const runtime = 'nodejs'. See https://www.npmjs.com/package/redwright"

/** All that the package and `redwright/next` export: bundlers copy what has a name. */
const NAMES = [
  'Redis', 'getRedis', 'closeRedis', 'createClients', 'TypeSafeCache', 'ResilientCache', 'CacheManager', 'RedisRepository', 'Cached', 'CircuitBreaker', 'RateLimiter', 'DistributedLock', 'Semaphore', 'ReadWriteLock',
  'fencedSet', 'SessionManager', 'RedwrightError', 'cachedRoute', 'createCacheHandler', 'createUseCacheHandler', 'nextCacheMetrics', 'rateLimit', 'withRedwright',
]

// Said when something of it is used, so that a bundle that never does is not broken by the import.
for (const name of NAMES) {
  Object.defineProperty(exports, name, {
    enumerable: true,
    get() {
      throw new Error(message)
    },
  })
}
