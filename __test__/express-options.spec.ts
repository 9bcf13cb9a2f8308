import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { rateLimitMiddleware, RateLimitStore } from '../express.js'
import { Redis } from '../index.js'
import { LimiterStandIn } from './support/limiter-stand-in'

const make = rateLimitMiddleware as any
const limiter = new LimiterStandIn()
const good = { limit: 10, window: 60 }
const from = (text: string) => new RegExp(`^${text.replace(/[.()[\]]/g, '\\$&')}`)

/** What is wrong: the options, and how the message begins. A `RangeError` where it says so, else a `TypeError`. */
type Wrong = [options: any, message: string, kind?: 'RangeError']
const each = (name: string, values: unknown[], message: string, kind?: 'RangeError', others: object = good): Wrong[] =>
  values.map((value): Wrong => [{ ...others, [name]: value }, `options.${name} ${message}`, kind])

const wrongs: Wrong[] = [
  [undefined, 'options must hold limit and window, or policies, got undefined'],
  [null, 'options must be an object, got null'],
  [[], 'options must be an object, got an array'],
  [60, 'options must be an object, got a number'],
  [{}, 'options must hold limit and window, or policies'],
  [{ ...good, limits: 1 }, "options.limits is not an option; did you mean 'limit'?"],
  // As others call it.
  [{ ...good, max: 5 }, "options.max is not an option; did you mean 'limit'?"],
  [{ ...good, period: '1s' }, "options.period is not an option; did you mean 'window'?"],
  [{ ...good, windowMs: 60_000 }, "options.windowMs is not an option; did you mean 'window'?"],
  [{ ...good, keygenerator: 1 }, "options.keygenerator is not an option; did you mean 'keyGenerator'?"],
  [{ ...good, skipFailedRequest: true }, "options.skipFailedRequest is not an option; did you mean 'skipFailedRequests'?"],
  ...each('limit', [undefined, null, '10', {}, 10n], 'must be a number, got'),
  ...each('limit', [NaN, Infinity, -1, 0.5, 2 ** 31 + 1], 'must be an integer from 0 to 2147483648', 'RangeError'),
  ...each('window', [null, {}, true, 60n], "must be a number or a string such as '10s', got"),
  ...each('window', [undefined], "must be a number or a string such as '10s', got undefined"),
  ...each('window', ['', '60', '1w', '10 s', 'Infinity'], "must be a number or a string such as '250ms'"),
  ...each('window', [0, NaN, -1, Infinity, 0.0001, 366 * 86_400 + 1, '367d', '0s', '0.5ms'], 'must be from 1 ms', 'RangeError'),
  ...each('algorithm', ['fixed', 1, null], "must be one of 'gcra'"),
  ...each('name', [1, null, {}], 'must be a string, got'),
  ...each('name', ['', '1a', 'a:b', 'a b', 'ä', 'a'.repeat(65)], 'must be a letter, then'),
  ...each('cost', [null, '1', {}], 'must be a number, got'),
  ...each('cost', [0, -1, 0.5, NaN, Infinity, 2 ** 31 + 1], 'must be an integer from 1 to 2147483648', 'RangeError'),
  ...['keyGenerator', 'skip', 'onLimited', 'requestWasSuccessful'].flatMap((name) => each(name, [null, 1, 'ip', {}], 'must be a function, got')),
  ...['skipFailedRequests', 'skipSuccessfulRequests', 'trustProxyCheck'].flatMap((name) => each(name, [null, 1, 'yes'], 'must be a boolean, got')),
  ...each('headers', [true, null, 'draft-9', 'Legacy', ['legacy', 'x'], 6], 'must be false, or one or several of'),
  [{ ...good, headers: ['draft-8', 'draft-10'] }, 'options.headers: draft-8 and draft-10 write RateLimit in different ways', 'RangeError'],
  [{ ...good, headers: ['draft-7', 'legacy', 'draft-10'] }, 'options.headers: draft-7 and draft-10 write RateLimit', 'RangeError'],
  ...each('unit', ['bytes', 1, null], "must be one of 'requests'"),
  ...['statusCode', 'degradedStatusCode'].flatMap((name) => [
    ...each(name, [200, 399, 600, 429.5, NaN], 'must be an integer from 400 to 599', 'RangeError'),
    ...each(name, ['429', null], 'must be a number, got'),
  ]),
  ...each('ipv6Subnet', [0, 31, 129, 56.5, NaN], 'must be an integer from 32 to 128', 'RangeError'),
  ...each('ipv6Subnet', ['56', null, false], 'must be a number, got'),
  ...['limit', 'window', 'algorithm'].map((name): Wrong => [{ policies: { limit: 1, period: '1s' }, [name]: 1 }, `options.policies excludes options.${name}`]),
  ...each('policies', [1, 'x', null], 'must be an object, got', undefined, {}),
  ...each('policies', [[]], 'must be 1 to 16 policies, got 0', 'RangeError', {}),
  ...each('policies', [Array.from({ length: 17 }, () => ({ limit: 1, period: '1s' }))], 'must be 1 to 16 policies, got 17', 'RangeError', {}),
  [{ policies: [{ limit: 1, period: '1s' }, undefined] }, 'options.policies[1] must be an object, got undefined'],
  [{ policies: [{ limit: 1, period: '1s' }, { limit: '1', period: '1s' }] }, 'options.policies[1].limit must be a number, got a string'],
  [{ policies: { limit: 1, window: '1s' } }, "options.policies.window is not an option; did you mean 'period'?"],
  [{ policies: { limit: 1 } }, 'options.policies.period must be a number or a string'],
  [{ policies: { limit: 1, period: 0.5 } }, 'options.policies.period must be from 1 ms', 'RangeError'],
  [{ policies: { limit: 1, period: '1s', burst: 0 } }, 'options.policies.burst must be an integer from 1', 'RangeError'],
  [{ policies: { limit: 1, period: '1s', name: 'a b' } }, 'options.policies.name must be a letter, then'],
  [{ policies: { limit: 1, period: '1s', algorithm: 'log' } }, 'options.policies.algorithm must be one of'],
]

describe('rateLimitMiddleware refuses', () => {
  for (const [options, message, kind = 'TypeError'] of wrongs) {
    test(`${message} (${JSON.stringify(options, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))?.slice(0, 80)})`, () => {
      assert.throws(() => make(limiter, options), { name: kind, code: 'ERR_INVALID_ARG', message: from(message) })
    })
  }

  for (const wrong of [undefined, null, {}, 'redis://localhost', { check() {} }]) {
    test(`${JSON.stringify(wrong)} for a limiter`, () => {
      assert.throws(() => make(wrong, good), { name: 'TypeError', code: 'ERR_INVALID_ARG', message: /^limiter must be a RateLimiter, got/ })
    })
  }

  test('nothing that is at the edge of its range', () => {
    for (const options of [
      { limit: 0, window: 0.001 }, { limit: 2 ** 31, window: '366d' }, { limit: 1, window: '1ms', cost: 2 ** 31, ipv6Subnet: 32 },
      { ...good, headers: [] }, { ...good, headers: ['draft-6', 'draft-7', 'legacy'] }, { ...good, statusCode: 599, ipv6Subnet: 128 },
      { policies: Array.from({ length: 16 }, (_, i) => ({ name: `p${i}`, limit: 1, period: 1 })) },
    ]) {
      assert.equal(typeof make(limiter, options), 'function')
    }
  })
})

describe('RateLimitStore refuses', () => {
  const redis = new Redis()
  const Store = RateLimitStore as any
  const storeWrongs: [source: any, options: any, message: RegExp, kind?: 'RangeError'][] = [
    [undefined, undefined, /^limiter must be a RateLimiter or a Redis, got undefined/],
    ['redis://localhost', undefined, /^limiter must be a RateLimiter or a Redis, got a string/],
    [{}, undefined, /^limiter must be a RateLimiter or a Redis, got an instance of Object/],
    [redis, null, /^options must be an object, got null/],
    [redis, { sendCommand: () => {} }, /^options\.sendCommand is not an option; there are 'prefix'/],
    [redis, { prefx: 'a' }, /^options\.prefx is not an option; did you mean 'prefix'/],
    [redis, { prefix: '' }, /^options\.prefix must not be empty/],
    [redis, { prefix: 1 }, /^options\.prefix must be a string, got a number/],
    [redis, { timeoutMs: 0 }, /^options\.timeoutMs must be from 1 ms/, 'RangeError'],
    [redis, { onUnavailable: 'allow' }, /^options\.onUnavailable must be 'local' or 'reject', got another string/],
  ]
  for (const [source, options, message, kind = 'TypeError'] of storeWrongs) {
    test(`${message}`, () => assert.throws(() => new Store(source, options), { name: kind, code: 'ERR_INVALID_ARG', message }))
  }
})
