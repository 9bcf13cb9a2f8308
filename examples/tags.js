'use strict'

// Shows: CacheManager: entries that are invalidated together, copies in memory, old values for a source that fails.
// Run:   node examples/tags.js

const { Redis, CacheManager } = require('redwright')

async function main() {
  const redis = await Redis.connect('embedded://')
  const pages = new CacheManager(redis, { namespace: 'example-page', near: true, onError: () => {} })

  // Tags may follow from what was loaded.
  const render = (id) => pages.getOrSet(`/users/${id}`, async () => ({ id, friends: [7, 8] }), {
    ttl: '10m',
    tags: (page) => ['users', `user:${page.id}`, ...page.friends.map((friend) => `user:${friend}`)],
  })
  await Promise.all([1, 2, 3].map(render))

  // The next read brings a copy into memory, the one after it is a look into a Map.
  await pages.get('/users/1')
  console.log('from memory:', pages.peek('/users/1'))

  console.log('pages that show user 7:', await pages.invalidateByTag('user:7')) // 3
  console.log('in memory:', pages.peek('/users/1'), 'in Redis:', await pages.get('/users/1')) // undefined null

  // `expire` keeps the old values for a source that fails.
  await Promise.all([1, 2, 3].map(render))
  console.log('both tags:', await pages.invalidateByTags(['users', 'user:2'], { match: 'all', mode: 'expire' })) // 1
  const page = await pages.getOrSet('/users/2', () => Promise.reject(new Error('the database is away')), { ttl: '10m', tags: ['users'] })
  console.log('better old than nothing:', page)

  await redis.close()
}

main()
