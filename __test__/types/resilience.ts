import { CircuitBreaker, type CircuitBreakerState, type Lookup, type Redis, RedisRepository, type RedwrightErrorCode, ResilientCache, TypeSafeCache } from 'redwright'
import { is } from './assert'

interface User {
  name: string
}
declare const redis: Redis

export async function right(): Promise<void> {
  const breaker = new CircuitBreaker(3, '10s')
  is<User | null>()(await breaker.execute(async () => ({ name: 'Ada' }) as User))
  is<number | null>()(await breaker.execute(() => 1))
  is<CircuitBreakerState>()(breaker.state)
  new CircuitBreaker()
  new CircuitBreaker({ errorRate: 0.5, windowMs: '1m', minimumCalls: 10, openMs: 500, isFailure: (error) => error instanceof TypeError })
  breaker.on('open', (error) => is<unknown>()(error)).once('halfOpen', () => {})

  const cache = new ResilientCache(redis, { namespace: 'user', ttl: '1h' })
  is<User | null>()(await cache.get<User>('1'))
  is<boolean>()(await cache.set('1', { name: 'Ada' }))
  is<boolean>()(await cache.del('1'))
  is<boolean>()(await cache.delete('1'))
  is<boolean>()(await cache.setMany([['1', { name: 'Ada' }]]))
  is<Lookup<User>>()(await cache.lookup<User>('1'))
  is<User>()(await cache.getOrSet('1', () => ({ name: 'Ada' }) as User))
  is<number>()(cache.metrics().degraded)

  new TypeSafeCache(redis, { onUnavailable: 'degrade' })
  is<number>()(new RedisRepository<User>(redis, 'user', { onUnavailable: 'throw' }).metrics().degraded)

  redis.duplicate({ breaker: false }).duplicate({ breaker: { threshold: 10 } })
  redis.on('breaker', ({ state, error }) => {
    is<CircuitBreakerState>()(state)
    is<RedwrightErrorCode | undefined>()(error?.code)
  })
  is<{ state: CircuitBreakerState; opened: number; rejected: number }>()(redis.metrics().breaker)
  const undo: () => void = redis.closeOnSignal({ signals: ['SIGTERM'], timeoutMs: '5s' })
  undo()
}

export function wrong(): void {
  // @ts-expect-error: it is always 'degrade'
  new ResilientCache(redis, { onUnavailable: 'throw' })
  // @ts-expect-error: one of two words
  new TypeSafeCache(redis, { onUnavailable: 'ignore' })
  // @ts-expect-error: options or numbers
  new CircuitBreaker({ threshold: 5 }, 1000)
  // @ts-expect-error: no such signal
  redis.closeOnSignal({ signals: ['SIGKILL'] })
  // @ts-expect-error: outcomes of the client are judged by the client
  redis.duplicate({ breaker: { isFailure: () => true } })
}
