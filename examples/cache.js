'use strict'

// Shows: TypeSafeCache: read through with getOrSet, one load for many callers, lookup, many keys at once, wrap.
// Run:   node examples/cache.js

const { Redis, TypeSafeCache } = require('redwright')

async function main() {
  const redis = await Redis.connect('embedded://')
  const cache = new TypeSafeCache(redis, { namespace: 'user', ttl: '1h', jitter: 0.1 })

  // A hundred callers at once, one load; later calls find the stored value.
  const load = async (id) => ({ id, name: `user ${id}`, tags: ['new'] })
  await Promise.all(Array.from({ length: 100 }, () => cache.getOrSet('1000', () => load('1000'))))
  console.log('loads for 100 callers:', cache.metrics().loads)

  // null is a value, so a lookup tells a stored null from a miss.
  await cache.set('gone', null, { ttl: '5m' })
  console.log('stored null:', (await cache.lookup('gone')).hit, ' never stored:', (await cache.lookup('nobody')).hit)

  await cache.setMany([['1', 'one'], ['2', 'two'], ['3', 'three']], { ttl: '10s' })
  console.log('many:', await cache.getMany(['1', '2', 'missing', '3']))

  // A function whose results are cached under a key made from its arguments.
  const cachedLoad = cache.wrap(load, { key: (id) => `profile/${id}`, ttl: '5m' })
  console.log('wrapped:', await cachedLoad('7'), await cachedLoad('7'))

  console.log('deleted by pattern:', await cache.deletePattern('profile/*'), ' by clear:', await cache.clear())
  await redis.close()
}

main()
