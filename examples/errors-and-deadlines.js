'use strict'

// Shows: errors with stable codes, deadlines, giving up with an AbortSignal, and a cache that carries on without its server.
// Run:   node examples/errors-and-deadlines.js

const { Redis, RedwrightError, TypeSafeCache } = require('redwright')

async function main() {
  // The server's own errors keep their first word.
  const redis = await Redis.connect('embedded://')
  await redis.command('SET', 'text', 'not a number', 'PX', 10_000)
  await redis.command('LPUSH', 'text', 'x').catch(show)

  // Wrong arguments are TypeErrors and RangeErrors; nothing has been sent.
  try {
    new TypeSafeCache(redis, { ttl: -1 })
  } catch (error) {
    show(error)
  }

  // A caller that gives up gets its own reason; the load goes on for the others.
  const slow = () => new Promise((resolve) => setTimeout(resolve, 200, 'late'))
  const cache = new TypeSafeCache(redis, { namespace: 'report' })
  await cache.getOrSet('big', slow, { signal: AbortSignal.timeout(20) }).catch(show)
  console.log('somebody else still gets it:', await cache.getOrSet('big', slow))
  await redis.close()

  // Nobody listens on port 1. A command ends at its deadline, and getOrSet loads without the cache.
  const lost = new Redis({ host: '127.0.0.1', port: 1, commandTimeout: '300ms' })
  await lost.command('GET', 'x').catch(show)
  const careful = new TypeSafeCache(lost, { onError: (error, { operation }) => console.log(`  (${operation} failed: ${error.code})`) })
  console.log('without a server:', await careful.getOrSet('x', () => 'loaded all the same'))
  await lost.close()
}

function show(error) {
  const { name, code, retryable, maybeExecuted } = error
  console.log(`${name} ${code}`, error instanceof RedwrightError ? { retryable, maybeExecuted } : '', '-', error.message)
}

main()
