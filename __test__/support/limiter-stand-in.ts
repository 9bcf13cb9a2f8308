import type { RateLimitDecision, RateLimitPolicy, RateLimitPolicyResult } from '../../index.js'

/** What a stand-in was asked, in the order of the calls. */
export interface Asked {
  call: 'check' | 'refund'
  key: string
  names: string[]
  units: number
}

/**
 * A limiter in memory with the interface of `RateLimiter`, for tests of what stands before it: fixed windows and GCRA, all or nothing, by a
 * clock that the test moves.
 */
export class LimiterStandIn {
  readonly asked: Asked[] = []
  degraded = false
  /** Instead of a decision. */
  fails: unknown
  /** A decision waits for it. */
  gate: Promise<void> = Promise.resolve()
  #ahead = 0
  /** Of a fixed window how many units and when it ends; of GCRA the theoretical arrival time. */
  #state = new Map<string, { units: number; at: number }>()

  /** Time passes. */
  advance(ms: number): void {
    this.#ahead += ms
  }

  get #now(): number {
    return Date.now() + this.#ahead
  }

  async check(key: string, policies: RateLimitPolicy | readonly RateLimitPolicy[], { cost = 1 }: { cost?: number } = {}): Promise<RateLimitDecision> {
    const list = [policies].flat() as (RateLimitPolicy & { period: number })[]
    this.asked.push({ call: 'check', key, names: list.map(({ name }) => String(name)), units: cost })
    await this.gate
    if (this.fails !== undefined) throw this.fails
    const would = list.map((policy) => this.#result(key, policy, cost))
    const allowed = would.every((result) => result.allowed)
    if (allowed) for (const policy of list) this.#take(key, policy, cost)
    return this.#decision(allowed, allowed ? list.map((policy) => ({ ...this.#result(key, policy, 0), allowed: true })) : would)
  }

  async refund(key: string, policies: RateLimitPolicy | readonly RateLimitPolicy[], units = 1): Promise<RateLimitDecision> {
    const list = [policies].flat() as (RateLimitPolicy & { period: number })[]
    this.asked.push({ call: 'refund', key, names: list.map(({ name }) => String(name)), units })
    if (this.fails !== undefined) throw this.fails
    for (const policy of list) this.#take(key, policy, -units)
    return this.#decision(true, list.map((policy) => this.#result(key, policy, 0)))
  }

  #take(key: string, policy: RateLimitPolicy & { period: number }, units: number): void {
    const id = `${key} ${policy.name}`
    const { units: taken, at } = this.#read(id)
    if (policy.algorithm === 'fixedWindow') this.#state.set(id, { units: Math.max(0, taken + units), at: taken > 0 ? at : this.#now + policy.period })
    else this.#state.set(id, { units: 1, at: Math.max(this.#now, (taken > 0 ? at : this.#now) + (units * policy.period) / policy.limit) })
  }

  #read(id: string): { units: number; at: number } {
    const state = this.#state.get(id)
    return state === undefined || state.at <= this.#now ? { units: 0, at: this.#now } : state
  }

  #result(key: string, policy: RateLimitPolicy & { period: number }, cost: number): RateLimitPolicyResult {
    const { units, at } = this.#read(`${key} ${policy.name}`)
    const limit = policy.burst ?? policy.limit
    const resetMs = at - this.#now
    const interval = policy.period / policy.limit
    const left = policy.algorithm === 'fixedWindow' ? Math.max(0, limit - units) : Math.max(0, Math.floor(limit - resetMs / interval))
    const allowed = cost <= left
    const wait = policy.algorithm === 'fixedWindow' ? resetMs : resetMs - (limit - cost) * interval
    const retryAfterMs = allowed ? 0 : cost > limit ? Infinity : Math.ceil(wait)
    return { name: policy.name ?? `${policy.period}ms`, allowed, limit, remaining: left, resetAt: this.#now + resetMs, resetAfterMs: resetMs, retryAfterMs, degraded: this.degraded }
  }

  #decision(allowed: boolean, policies: RateLimitPolicyResult[]): RateLimitDecision {
    const deciding = policies.reduce((best, one) =>
      (allowed ? one.remaining / one.limit < best.remaining / best.limit : one.retryAfterMs > best.retryAfterMs) ? one : best,
    )
    const { limit, remaining, resetAt, resetAfterMs, retryAfterMs } = deciding
    return { allowed, limit, remaining, resetAt, resetAfterMs, retryAfterMs: allowed ? 0 : retryAfterMs, degraded: this.degraded, policies }
  }
}
