'use strict'

// Shows: RedisRepository: records of one type by id, with a life, and readable by any other program.
// Run:   node examples/repository.js

const { Redis, RedisRepository } = require('redwright')

async function main() {
  const redis = await Redis.connect('embedded://')
  const carts = new RedisRepository(redis, 'cart', { ttl: '30d' })

  await carts.set('ada', { items: [{ sku: 'book', count: 2 }] })
  await carts.set('bob', { items: [] }, '15m') // this one lives for a quarter of an hour
  console.log('one:', await carts.get('ada'))
  console.log('many, in the order asked for:', await carts.getMany(['bob', 'nobody', 'ada']))

  // A record is plain JSON under prefix:namespace:id.
  console.log('as redis-cli sees it:', await redis.command('GET', 'repo:cart:ada'))
  console.log('seconds to live:', await redis.command('TTL', 'repo:cart:bob'))

  await carts.delete('ada')
  console.log('exists after delete:', await carts.exists('ada'))
  await redis.close()
}

main()
