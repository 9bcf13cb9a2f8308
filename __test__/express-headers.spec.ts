import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { parseRateLimit } from 'ratelimit-header-parser'
import { parseList } from 'structured-headers'
import { rateLimitHeaders } from '../express.js'
import { root } from './support/root'

const { headersOf } = createRequire(import.meta.url)(path.join(root, 'lib/express/headers.js'))

const NOW = 1_800_000_000_000
const BURST = { name: 'burst', limit: 100, period: 60_000, algorithm: 'fixedWindow' }
const DAILY = { name: 'daily', limit: 1000, period: 86_400_000, algorithm: 'fixedWindow' }

function result({ resetAt = NOW + 29_500, ...changes }: { resetAt?: number; [name: string]: unknown } = {}) {
  return { name: 'burst', allowed: true, limit: 100, remaining: 50, resetAt, resetAfterMs: resetAt - NOW, retryAfterMs: 0, degraded: false, ...changes }
}
function decision(...policies: any[]): any {
  const [first] = policies
  const allowed = policies.every((policy) => policy.allowed)
  const { name: _, ...deciding } = policies.find((policy) => !policy.allowed) ?? first
  return { ...deciding, allowed, policies }
}
const headers = (decision: any, policies: any[], formats: string[], unit = 'requests'): Record<string, string> =>
  headersOf(decision, policies, formats, unit)
/** `[name, parameters]` of each item of a structured list. */
const list = (field: string) => parseList(field).map(([name, parameters]: any) => [name, Object.fromEntries(parameters)])

describe('header fields', () => {
  test('legacy: the deciding limit, and its reset in whole seconds since the epoch, never too early', () => {
    assert.deepEqual(headers(decision(result()), [BURST], ['legacy']), {
      'X-RateLimit-Limit': '100',
      'X-RateLimit-Remaining': '50',
      'X-RateLimit-Reset': '1800000030',
    })
  })

  test('draft 6: seconds from now, and all policies', () => {
    const two = decision(result(), result({ name: 'daily', limit: 1000, remaining: 900, resetAt: NOW + 3_600_000 }))
    assert.deepEqual(headers(two, [BURST, DAILY], ['draft-6']), {
      'RateLimit-Policy': '100;w=60, 1000;w=86400',
      'RateLimit-Limit': '100',
      'RateLimit-Remaining': '50',
      'RateLimit-Reset': '30',
    })
  })

  test('draft 7: one field', () => {
    assert.deepEqual(headers(decision(result()), [BURST], ['draft-7']), {
      'RateLimit-Policy': '100;w=60',
      RateLimit: 'limit=100, remaining=50, reset=30',
    })
  })

  test('drafts 8 and 10: a list of all policies', () => {
    const two = decision(result(), result({ name: 'daily', limit: 1000, remaining: 900, resetAt: NOW + 3_600_000 }))
    for (const format of ['draft-8', 'draft-10']) {
      assert.deepEqual(headers(two, [BURST, DAILY], [format]), {
        'RateLimit-Policy': '"burst";q=100;w=60, "daily";q=1000;w=86400',
        RateLimit: '"burst";r=50;t=30, "daily";r=900;t=3600',
      })
    }
  })

  test('draft 10 tells when there is more, where draft 8 tells when all is there', () => {
    // 10 in 100 s, evenly: all are there in 45 s, and the next one in 5 s.
    const policy = { name: 'even', limit: 10, period: 100_000, algorithm: 'gcra' }
    const half = decision(result({ name: 'even', limit: 10, remaining: 5, resetAt: NOW + 45_000 }))
    assert.equal(headers(half, [policy], ['draft-8']).RateLimit, '"even";r=5;t=45')
    assert.equal(headers(half, [policy], ['draft-10']).RateLimit, '"even";r=5;t=5')
  })

  test('draft 10 leaves t out where nothing is to come', () => {
    const full = decision(result({ remaining: 100, resetAt: NOW }))
    assert.equal(headers(full, [BURST], ['draft-10']).RateLimit, '"burst";r=100')
    const never = decision(result({ limit: 0, remaining: 0, resetAt: NOW, allowed: false, retryAfterMs: Infinity }))
    assert.equal(headers(never, [{ ...BURST, limit: 0 }], ['draft-10']).RateLimit, '"burst";r=0')
  })

  test('a window below a second is not told, and one of 1.5 s is told as 2', () => {
    const window = (period: number) => headers(decision(result()), [{ ...BURST, period }], ['draft-10'])['RateLimit-Policy']
    assert.equal(window(500), '"burst";q=100')
    assert.equal(window(1500), '"burst";q=100;w=2')
    assert.equal(headers(decision(result()), [{ ...BURST, period: 500 }], ['draft-7'])['RateLimit-Policy'], '100;w=1')
  })

  test('a burst is told with the time in which it comes back', () => {
    const policy = { name: 'even', limit: 60, period: 60_000, burst: 5 }
    const told = headers(decision(result({ name: 'even', limit: 5, remaining: 4, resetAt: NOW + 1000 })), [policy], ['draft-10'])
    assert.equal(told['RateLimit-Policy'], '"even";q=5;w=5')
    assert.equal(told.RateLimit, '"even";r=4;t=1')
  })

  test('a unit other than requests is told', () => {
    const told = headers(decision(result()), [BURST], ['draft-10'], 'content-bytes')
    assert.equal(told['RateLimit-Policy'], '"burst";q=100;qu="content-bytes";w=60')
  })

  test('several forms at once, the later one where they share a field', () => {
    const told = headers(decision(result()), [BURST], ['legacy', 'draft-6', 'draft-10'])
    assert.deepEqual(Object.keys(told).sort(), [
      'RateLimit', 'RateLimit-Limit', 'RateLimit-Policy', 'RateLimit-Remaining', 'RateLimit-Reset',
      'X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset',
    ])
    assert.equal(told['RateLimit-Policy'], '"burst";q=100;w=60')
  })

  test('of several policies the old forms tell of the one that decides', () => {
    const two = decision(result({ remaining: 99 }), result({ name: 'daily', limit: 1000, remaining: 0, resetAt: NOW + 7_200_000, allowed: false, retryAfterMs: 7_200_000 }))
    const told = headers(two, [BURST, DAILY], ['legacy', 'draft-6'])
    assert.equal(told['X-RateLimit-Limit'], '1000')
    assert.equal(told['RateLimit-Limit'], '1000')
    assert.equal(told['RateLimit-Reset'], '7200')
    assert.equal(told['Retry-After'], '7200')
  })

  test('Retry-After is absent where it passed, and where it never can', () => {
    assert.ok(!('Retry-After' in headers(decision(result()), [BURST], ['legacy'])))
    assert.ok(!('Retry-After' in headers(decision(result({ allowed: false, retryAfterMs: Infinity })), [BURST], ['legacy'])))
  })

  test('Retry-After is whole, never 0, never too early and less than a second too late, and never before t', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.double({ min: 0.001, max: 366 * 86_400_000, noNaN: true }), fc.integer({ min: 1, max: 100_000 })),
        fc.constantFrom('gcra', 'fixedWindow', 'slidingWindow', 'slidingCounter', 'tokenBucket'),
        (retryAfterMs, algorithm) => {
          const refused = result({ allowed: false, remaining: 0, retryAfterMs, resetAfterMs: retryAfterMs })
          const told = headers(decision(refused), [{ ...BURST, algorithm }], ['draft-10'])
          const wait = Number(told['Retry-After'])
          assert.match(told['Retry-After'], /^[1-9]\d*$/)
          assert.ok(wait * 1000 >= retryAfterMs && (wait - 1) * 1000 < retryAfterMs, `${wait} s for ${retryAfterMs} ms`)
          const [[, { t }]] = list(told.RateLimit)
          assert.ok(t <= wait, `t=${t}`)
        },
      ), { seed: 1 },
    )
  })

  test('any decision makes fields that parsers read', () => {
    const policy = fc.record({
      name: fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,20}$/),
      limit: fc.integer({ min: 0, max: 2 ** 31 }),
      period: fc.integer({ min: 1, max: 366 * 86_400_000 }),
      algorithm: fc.constantFrom('gcra', 'fixedWindow', 'slidingWindow', 'slidingCounter', 'tokenBucket'),
    })
    const state = fc.record({ part: fc.double({ min: 0, max: 1, noNaN: true }), resetMs: fc.double({ min: 0, max: 1e11, noNaN: true }), allowed: fc.boolean() })
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(policy, state), { minLength: 1, maxLength: 16, selector: ([{ name }]) => name }), (pairs) => {
        const policies = pairs.map(([policy]) => policy)
        const results = pairs.map(([{ name, limit }, { part, resetMs, allowed }]) =>
          result({ name, limit, remaining: Math.floor(part * limit), resetAt: NOW + resetMs, allowed, retryAfterMs: allowed ? 0 : resetMs }),
        )
        for (const format of ['draft-8', 'draft-10']) {
          const told = headers(decision(...results), policies, [format])
          const quotas = list(told['RateLimit-Policy'])
          const limits = list(told.RateLimit)
          assert.deepEqual(quotas.map(([name, { q }]) => [name, q]), policies.map(({ name, limit }) => [name, limit]))
          assert.deepEqual(limits.map(([name, { r }]) => [name, r]), results.map(({ name, remaining }) => [name, remaining]))
          for (const [, { w }] of quotas) assert.ok(w === undefined || (Number.isInteger(w) && w >= 1))
          for (const [, { t }] of limits) assert.ok(t === undefined || (Number.isInteger(t) && t >= 0))
        }
        const { limit, remaining } = decision(...results)
        for (const format of ['legacy', 'draft-6', 'draft-7']) {
          const parsed = parseRateLimit(new Headers(headers(decision(...results), policies, [format])) as any)
          assert.deepEqual([parsed?.limit, parsed?.remaining], [limit, remaining])
        }
      }), { seed: 1 },
    )
  })

  test('ratelimit-header-parser finds the time of the reset', () => {
    const parsed = parseRateLimit(new Headers(headers(decision(result()), [BURST], ['legacy'])) as any)
    assert.equal(parsed?.reset?.getTime(), 1_800_000_030_000)
  })
})

describe('rateLimitHeaders', () => {
  const inAMinute = () => result({ resetAt: NOW + 60_000 })

  test('tells of a decision with its policies', () => {
    const told = rateLimitHeaders(decision(inAMinute()), { policies: [{ name: 'burst', limit: 100, period: '1m', algorithm: 'fixedWindow' }] })
    assert.equal(told['RateLimit-Policy'], '"burst";q=100;w=60')
    assert.equal(told['X-RateLimit-Limit'], '100')
  })

  test('tells of a decision alone, and of one without a list of policies', () => {
    assert.equal(rateLimitHeaders(decision(inAMinute()))['RateLimit-Policy'], '"burst";q=100')
    const { name: _, ...single } = inAMinute()
    assert.equal(rateLimitHeaders(single as any)['RateLimit-Policy'], '"default";q=100')
  })

  test('gives only Retry-After where no others are wanted', () => {
    assert.deepEqual(rateLimitHeaders(decision(result({ allowed: false, retryAfterMs: 1 })), { headers: false }), { 'Retry-After': '1' })
  })

  test('refuses what is no decision, and wrong options', () => {
    const call = rateLimitHeaders as any
    for (const wrong of [undefined, null, 1, 'x', {}, []]) assert.throws(() => call(wrong), { name: 'TypeError', message: /^decision must be/ })
    const good = decision(inAMinute())
    assert.throws(() => call(good, { header: 'legacy' }), { name: 'TypeError', message: /options\.header is not an option; did you mean 'headers'/ })
    assert.throws(() => call(good, { headers: 'draft-9' }), { name: 'TypeError', message: /^options\.headers must be/ })
    assert.throws(() => call(good, { unit: 'bytes' }), { name: 'TypeError', message: /^options\.unit must be/ })
    assert.throws(() => call(good, { policies: { limit: -1, period: '1s' } }), { name: 'RangeError', message: /^options\.policies\.limit/ })
  })
})
