'use strict'

const { RateLimiter } = require('redwright')
const { clientKey, rateLimitMiddleware } = require('redwright/express')

// Who may ask how often: a request with a known API key counts for the key, wherever it comes from, any other for its IP. Each has several limits, which
// are one decision and one round trip: all allow a request, or none counts it.

const byIp = [
  { name: 'ip-second', limit: 30, period: '1s' },
  { name: 'ip-minute', limit: 300, period: '1m', algorithm: 'slidingCounter' },
]

const byKey = {
  'demo-free': [
    { name: 'free-second', limit: 40, period: '1s' },
    { name: 'free-minute', limit: 60, period: '1m', algorithm: 'fixedWindow' },
  ],
  'demo-partner': [
    { name: 'partner-second', limit: 100_000, period: '1s' },
    { name: 'partner-hour', limit: 100_000_000, period: '1h', algorithm: 'fixedWindow' },
  ],
}

/** Whoever tries passwords of one account from one address. Those that were right do not count. */
const tries = { name: 'tries-minute', limit: 10, period: '1m' }

const byName = new Map([byIp, ...Object.values(byKey)].flat().map((policy) => [policy.name, policy]))

/** The key of whoever measures: its limits are there, and far away. */
const partner = { 'X-Api-Key': 'demo-partner' }

class Limits {
  #limiter
  /** What each policy said, by its name. */
  #policies = new Map()

  constructor(redis, prefix) {
    this.#limiter = new RateLimiter(redis, { prefix: `${prefix}-limit` })
    const counting = {
      check: async (key, policies, options) => this.#counted(await this.#limiter.check(key, policies, options)),
      refund: (key, policies, units) => this.#limiter.refund(key, policies, units),
    }
    /** For Express. What is refused gets 429, `Retry-After` and a body that says by which policies. */
    this.middleware = rateLimitMiddleware(counting, {
      keyGenerator: (req) => whoAsks(req.get('x-api-key'), req).id,
      policies: (req) => whoAsks(req.get('x-api-key'), req).policies,
    })
    /** For what takes a name and a password. */
    this.logins = rateLimitMiddleware(this.#limiter, {
      keyGenerator: (req) => `login/${clientKey(req)}/${req.body.name}`,
      policies: tries,
      skipSuccessfulRequests: true,
    })
  }

  /** Each policy's own word. One that allows while another refuses has counted nothing. */
  #counted(decision) {
    for (const { name, allowed } of decision.policies) {
      const { limit, period } = byName.get(name)
      const counts = this.#policies.get(name) ?? { limit, period, allowed: 0, limited: 0 }
      this.#policies.set(name, counts)
      if (decision.allowed) counts.allowed++
      else if (!allowed) counts.limited++
    }
    return decision
  }

  /** Forgets what was counted for some visitors, told by their headers, and what all of them were told. */
  async restart(visitors) {
    const ids = visitors.map((headers) => whoAsks(headers['X-Api-Key'], headers['X-Forwarded-For']).id)
    await Promise.all(ids.map((id) => this.#limiter.reset(id)))
    this.#policies.clear()
  }

  report() {
    return { ...this.#limiter.metrics(), policies: Object.fromEntries([...this.#policies].map(([name, counts]) => [name, { ...counts }])) }
  }
}

/** `from` is a request, or an address. */
function whoAsks(key, from) {
  return key !== undefined && Object.hasOwn(byKey, key) ? { id: `key/${key}`, policies: byKey[key] } : { id: `ip/${clientKey(from)}`, policies: byIp }
}

module.exports = { Limits, partner }
