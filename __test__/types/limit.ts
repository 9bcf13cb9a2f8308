import { RateLimiter, type RateLimitDecision, type RateLimitPolicy, type RateLimitPolicyResult, type RateLimitResult, type RateLimiterMetrics, type Redis, type Reservation, type Slot } from 'redwright'
import { is } from './assert'

declare const redis: Redis

export async function right(): Promise<void> {
  new RateLimiter(redis)
  const limits = new RateLimiter(redis, { prefix: 'api', timeoutMs: '50ms', onUnavailable: 'deny', instances: 4 })

  is<RateLimitResult>()(await limits.fixedWindow('k', 10, 60))
  is<RateLimitResult>()(await limits.slidingWindow('k', 10, '1m', { cost: 2 }))
  is<RateLimitResult>()(await limits.tokenBucket('k', 10, 0.5))
  is<RateLimitResult>()(await limits.tokenBucket('k', 10, 0.5, 3))
  is<RateLimitResult>()(await limits.gcra('k', { limit: 10, period: 1000, burst: 5, cost: 2 }))

  const policies = [
    { name: 'burst', limit: 10, period: '1s' },
    { name: 'day', limit: 5000, period: '1d', algorithm: 'fixedWindow' },
  ] as const
  const decision = await limits.check('k', policies)
  is<RateLimitDecision>()(decision)
  is<RateLimitDecision>()(await limits.check('k', { limit: 10, period: '1s', algorithm: 'slidingCounter' }, { cost: 1 }))
  is<RateLimitDecision>()(await limits.peek('k', policies))
  is<RateLimitDecision>()(await limits.refund('k', policies, 2))
  is<RateLimitDecision>()(await limits.penalize('k', policies))
  is<RateLimitPolicyResult[]>()(decision.policies)
  is<boolean>()(decision.allowed)
  is<boolean>()(decision.degraded)
  is<number>()(decision.retryAfterMs)
  is<number>()(decision.resetAfterMs)
  is<string>()(decision.policies[0]!.name)
  is<void>()(await limits.block('k', '1h'))
  is<void>()(await limits.reset('k'))

  const reservation = await limits.reserve('k', policies, 100, { idempotencyKey: 'id', leaseMs: '5m' })
  is<Reservation>()(reservation)
  is<boolean>()(await reservation.settle(42))
  is<boolean>()(await reservation.cancel())

  await using slot = await limits.concurrency('k', 3, { leaseMs: '10s' })
  is<Slot>()(slot)
  is<boolean>()(await slot.release())
  is<RateLimiterMetrics>()(limits.metrics())

  const named: RateLimitPolicy = { limit: 1, period: 5 }
  await limits.check('k', [named])
}

export async function wrong(): Promise<void> {
  // @ts-expect-error -- the client comes first
  new RateLimiter({ prefix: 'api' })
  // @ts-expect-error -- an unknown option
  new RateLimiter(redis, { timeout: 5 })
  // @ts-expect-error -- another way
  new RateLimiter(redis, { onUnavailable: 'open' })

  const limits = new RateLimiter(redis)
  // @ts-expect-error -- a limit is a number
  await limits.fixedWindow('k', '10', 60)
  // @ts-expect-error -- a key is a string
  await limits.fixedWindow(1, 10, 60)
  // @ts-expect-error -- a duration without a unit
  await limits.fixedWindow('k', 10, '60')
  // @ts-expect-error -- a policy has a limit
  await limits.check('k', { period: '1s' })
  // @ts-expect-error -- and a period
  await limits.check('k', { limit: 5 })
  // @ts-expect-error -- and an algorithm that there is
  await limits.check('k', { limit: 5, period: '1s', algorithm: 'leakyBucket' })
  // @ts-expect-error -- an estimate is needed
  await limits.reserve('k', { limit: 5, period: '1s' })
  const result = await limits.fixedWindow('k', 10, 60)
  // @ts-expect-error -- the list of policies is of decisions under policies
  is<RateLimitPolicyResult[]>()(result.policies)
}
