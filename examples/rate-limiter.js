'use strict'

// Shows: RateLimiter: one limit, several at once, tokens that are settled when they are known, places at work, and going on without Redis.
// Run:   node examples/rate-limiter.js

const { RateLimiter, Redis } = require('redwright')

async function main() {
  const redis = await Redis.connect('embedded://')
  const limiter = new RateLimiter(redis, { prefix: 'example-limit' })

  // Five a minute, evenly, and five at once.
  for (let i = 0; i < 6; i++) {
    const { allowed, remaining, retryAfterMs } = await limiter.gcra('ada', { limit: 5, period: '1m' })
    console.log(allowed ? `allowed, ${remaining} left` : `refused for ${Math.ceil(retryAfterMs / 1000)} s`)
  }

  // Several limits, one round trip: all allow it, or none counts it.
  const plan = [
    { name: 'burst', limit: 20, period: '1s' },
    { name: 'day', limit: 12, period: '1d', algorithm: 'fixedWindow' },
  ]
  await limiter.check('key-7', plan, { cost: 10 })
  const { allowed, policies } = await limiter.check('key-7', plan, { cost: 5 })
  console.log('both:', allowed, policies.map((one) => `${one.name} ${one.allowed ? 'would' : 'refuses'}`))
  console.log('left in the day:', (await limiter.peek('key-7', plan)).policies[1].remaining)

  // What is not known yet: an estimate is taken, and corrected when the answer is there. A process that dies leaves the estimate.
  const tokens = { name: 'tokens', limit: 10_000, period: '1m', algorithm: 'slidingWindow' }
  const answer = async () => ({ text: '42', usage: { totalTokens: 350 } }) // a model
  const reservation = await limiter.reserve('team-3', tokens, 2_000)
  if (reservation.allowed) {
    try {
      const { usage } = await answer()
      console.log('settled:', await reservation.settle(usage.totalTokens), '· left:', (await limiter.peek('team-3', tokens)).remaining)
    } finally {
      await reservation.cancel() // nothing, where it is settled
    }
  }

  // Two may be at work at once. A place frees itself when its process dies.
  const places = await Promise.all([1, 2, 3].map(() => limiter.concurrency('exports', 2)))
  console.log('places:', places.map((place) => place.allowed))
  await Promise.all(places.map((place) => place.release()))

  await limiter.block('mallory', '1m')
  console.log('blocked:', await limiter.fixedWindow('mallory', 100, 60))
  console.log(limiter.metrics())
  await redis.close()

  // Nobody listens on port 1: every decision is made here, within its deadline.
  const lost = new Redis({ host: '127.0.0.1', port: 1 })
  const local = new RateLimiter(lost, { prefix: 'example-limit', timeoutMs: '50ms', onUnavailable: 'local', instances: 2 })
  const decisions = await Promise.all(Array.from({ length: 6 }, () => local.fixedWindow('ada', 4, 60)))
  console.log('without Redis:', decisions.map((one) => one.allowed), 'degraded:', decisions[0].degraded)
  await lost.close()
}

main()
