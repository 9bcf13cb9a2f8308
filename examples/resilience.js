'use strict'

// Shows: a cache that answers without its server, the circuit breaker of a client, one for anything else, and ending on a signal.
// Run:   node examples/resilience.js

const { CircuitBreaker, Redis, ResilientCache } = require('redwright')

async function main() {
  // Nobody listens on port 1.
  const redis = new Redis({ host: '127.0.0.1', port: 1, commandTimeout: '200ms' })
  redis.on('breaker', ({ state, error }) => console.log(`  (the circuit is ${state}${error ? `: ${error.message}` : ''})`))

  // Reads give a miss and writes say that they were not done. Each of these waits for its deadline.
  const cache = new ResilientCache(redis, { namespace: 'user' })
  console.log('get:', await cache.get('1000'), '· set:', await cache.set('1000', { name: 'Ada' }))

  // After five deadlines in a row the circuit opens, and a dead server costs microseconds.
  await cache.getMany(['1', '2'])
  await Promise.all([cache.exists('1000'), cache.del('1000')])
  console.time('1000 calls over a dead server')
  for (let i = 0; i < 1000; i++) await cache.get('1000')
  console.timeEnd('1000 calls over a dead server')
  await redis.command('GET', 'x').catch(({ code, retryable, maybeExecuted }) => console.log(code, { retryable, maybeExecuted }))
  console.log('degraded:', cache.metrics().degraded, '·', redis.metrics().breaker)
  await redis.close()

  // The same policy for anything that may fail. The error is the operation's own; while the circuit is open there is null.
  const breaker = new CircuitBreaker({ threshold: 2, openMs: '100ms' })
  const shop = () => Promise.reject(new Error('the shop is closed'))
  for (let i = 0; i < 3; i++) console.log(await breaker.execute(shop).catch((error) => error.message), '·', breaker.state)
  await new Promise((resolve) => setTimeout(resolve, 100))
  console.log(await breaker.execute(async () => 'open again'), '·', breaker.state)

  // What is pending is answered before SIGTERM ends the process. Nobody sends one here.
  const worker = await Redis.connect('embedded://')
  worker.closeOnSignal({ timeoutMs: '5s' })
  console.log(await worker.ping())
  await worker.close()
}

main()
