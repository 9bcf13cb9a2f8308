import { Redis, type RedisOptions } from '../../index.js'
import { Load } from './load'

export const DEADLINE_MS = 1000

/** What callers are told of a server that is away: by the deadline, and at once while the circuit breaker is open. */
export const AWAY = ['ERR_UNAVAILABLE', 'ERR_TIMEOUT', 'ERR_CIRCUIT_OPEN']

/** A client with load on it; at its end what it asks goes too, by `stop`. */
export async function underLoad(options: RedisOptions, stop: () => Promise<void>, readsLag = false) {
  const redis = await Redis.connect({ commandTimeout: DEADLINE_MS, ...options })
  const load = new Load(redis, { deadlineMs: DEADLINE_MS, readsLag })
  await load.flows()
  return {
    redis,
    load,
    async [Symbol.asyncDispose]() {
      await load.stop()
      await redis.close({ timeoutMs: 1 })
      await stop()
    },
  }
}
