import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { RateLimiter, Redis } from '../index.js'
import type { TestServer } from '../testing.js'
import { sentBy } from './support/cache-tools'
import { realServer } from './support/servers'

let server: TestServer
let redis: Redis
let limits: any
before(async () => {
  server = await realServer()
  redis = await Redis.connect(server.url)
  limits = new RateLimiter(redis)
  await limits.check('warm', RIGHT)
})
after(async () => {
  await redis.close()
  await server.stop()
})

const RIGHT = { limit: 5, period: '1m' }
/** What is wrong, the argument, how the message begins behind its name. A `RangeError` where it says so, else a `TypeError`. */
type Wrong = [what: string, argument: unknown, rest: string, kind?: 'RangeError']

const keys: Wrong[] = [
  ['none', undefined, 'must be a string, got undefined'],
  ['null', null, 'must be a string, got null'],
  ['a number', 42, 'must be a string, got a number'],
  ['an object', {}, 'must be a string, got an instance of Object'],
  ['a symbol', Symbol('hunter2'), 'must be a string, got a symbol'],
  ['empty', '', 'must not be empty'],
  ['with NUL', 'a\0b', 'must not contain a NUL character'],
  ['with a lone surrogate', 'a\ud800', 'must not contain a lone surrogate'],
  ['too long', 'k'.repeat(65_537), 'must be at most 65536 bytes', 'RangeError'],
]
const integers = (least: number): Wrong[] => [
  ['NaN', NaN, `must be an integer from ${least} to`, 'RangeError'],
  ['infinite', Infinity, `must be an integer from ${least} to`, 'RangeError'],
  ['infinitely little', -Infinity, `must be an integer from ${least} to`, 'RangeError'],
  ['negative', -1, `must be an integer from ${least} to`, 'RangeError'],
  ['fractional', 1.5, `must be an integer from ${least} to`, 'RangeError'],
  ['more than 2³¹', 2 ** 31 + 1, `must be an integer from ${least} to 2147483648`, 'RangeError'],
  ['a string', '5', 'must be a number, got a string'],
  ['null', null, 'must be a number, got null'],
  ['a bigint', 5n, 'must be a number, got a bigint'],
  ['a symbol', Symbol('hunter2'), 'must be a number, got a symbol'],
  ['an object', { hunter2: 1 }, 'must be a number, got an instance of Object'],
  ['an object without a prototype', Object.create(null), 'must be a number, got'],
]
const costs: Wrong[] = [['0', 0, 'must be an integer from 1 to', 'RangeError'], ...integers(1)]
const required = (wrong: Wrong[]): Wrong[] => [['none', undefined, 'must be a number, got undefined'], ...wrong]
const spans: Wrong[] = [
  ['0', 0, 'must be from 1 ms', 'RangeError'],
  ['0 s', '0s', 'must be from 1 ms', 'RangeError'],
  ['NaN', NaN, 'must be from 1 ms', 'RangeError'],
  ['infinite', Infinity, 'must be from 1 ms', 'RangeError'],
  ['negative', -5, 'must be from 1 ms', 'RangeError'],
  ['a text without a unit', '10', 'must be a number or a string such as'],
  ['another text', 'hunter2', 'must be a number or a string such as'],
  ['null', null, 'must be a number or a string such as'],
  ['a symbol', Symbol('hunter2'), 'must be a number or a string such as'],
]
const periods: Wrong[] = [['none', undefined, 'must be a number or a string such as'], ['a year too long', '400d', 'must be from 1 ms to 366 days', 'RangeError'], ...spans]
const policies = (where: string, wrap: (policy: unknown) => unknown): [name: string, wrong: Wrong[]][] => [
  [where, [['null', wrap(null), 'must be an object, got null'], ['a string', wrap('10/s'), 'must be an object, got a string'], ['a number', wrap(5), 'must be an object, got a number']]],
  [`${where}.limit`, wrapped(required(integers(0)), (limit) => wrap({ ...RIGHT, limit }))],
  [`${where}.period`, wrapped(periods, (period) => wrap({ ...RIGHT, period }))],
  [`${where}.burst`, wrapped(costs, (burst) => wrap({ ...RIGHT, burst }))],
  [`${where}.burst`, [['of a window', wrap({ ...RIGHT, algorithm: 'fixedWindow', burst: 5 }), 'is of gcra and tokenBucket only'], ['that never comes back', wrap({ limit: 1, period: '366d', burst: 2 ** 31 }), 'must not take more than', 'RangeError']]],
  [`${where}.algorithm`, wrapped([['unknown', 'leakyBucket', "must be one of 'gcra', 'tokenBucket', 'fixedWindow', 'slidingWindow', 'slidingCounter', got another string"], ['inherited', 'toString', 'must be one of'], ['a list', ['gcra'], 'must be one of'], ['the name of nothing', 'undefined', 'must be one of'], ['null', null, 'must be one of'], ['a symbol', Symbol('gcra'), 'must be one of']], (algorithm) => wrap({ ...RIGHT, algorithm }))],
  [`${where}.name`, wrapped([['empty', '', 'must be a letter'], ['a digit first', '1m', 'must be a letter'], ['with a colon', 'a:b', 'must be a letter'], ['with NUL', 'a\0', 'must be a letter'], ['with a brace', 'a}', 'must be a letter'], ['too long', 'n'.repeat(65), 'must be a letter'], ['a number', 5, 'must be a string, got a number'], ['null', null, 'must be a string, got null']], (name) => wrap({ ...RIGHT, name }))],
  [`${where}.limti`, [['misspelt', wrap({ period: 1000, limti: 5 }), "is not an option; did you mean 'limit'?"]]],
]
function wrapped(wrong: Wrong[], wrap: (argument: any) => unknown): Wrong[] {
  return wrong.map(([what, argument, ...rest]) => [what, wrap(argument), ...rest])
}
const lists: Wrong[] = [
  ['none', [], 'must be from 1 to 16, got 0', 'RangeError'],
  ['too many', Array.from({ length: 17 }, (_, i) => ({ ...RIGHT, name: `p${i}` })), 'must be from 1 to 16, got 17', 'RangeError'],
  ['that share their counts', [RIGHT, { ...RIGHT, limit: 9 }], "must differ in name, or in period and algorithm: two are '60000'"],
  ['of one name', [{ ...RIGHT, name: 'a' }, { limit: 1, period: 5, name: 'a' }], 'must differ in name'],
]
const costOption: [name: string, wrong: Wrong[]][] = [
  ['options.cost', wrapped(costs, (cost) => ({ cost }))],
  ['options', [['null', null, 'must be an object, got null'], ['a number', 5, 'must be an object, got a number']]],
  ['options.costs', [['misspelt', { costs: 1 }, "is not an option; did you mean 'cost'?"]]],
]

/** A method, with each of its arguments: what is right, and what is wrong of it. */
const methods: [method: string, args: [right: unknown, wrong: [name: string, wrong: Wrong[]][]][]][] = [
  ...(['fixedWindow', 'slidingWindow'] as const).map((method): (typeof methods)[number] => [
    method,
    [['k', [['key', keys]]], [5, [['limit', required(integers(0))]]], [60, [['windowSeconds', periods]]], [undefined, costOption]],
  ]),
  ['tokenBucket', [
    ['k', [['key', keys]]],
    [5, [['bucketSize', required(integers(0))], ['bucketSize', []]]],
    [1, [['refillRate', [['none', undefined, 'must be a number, got undefined'], ['a string', '1', 'must be a number, got a string'], ['a symbol', Symbol('x'), 'must be a number, got a symbol'], ...[NaN, 0, -1, Infinity, 0.0000009, 2 ** 31 + 1].map((rate): Wrong => [String(rate), rate, 'must be from 0.000001 to', 'RangeError'])]]]],
    [undefined, [['tokensNeeded', costs]]],
  ]],
  ['gcra', [['k', [['key', keys]]], [RIGHT, [
    ['options.limit', wrapped(required(integers(0)), (limit) => ({ ...RIGHT, limit }))],
    ['options.period', wrapped(periods, (period) => ({ ...RIGHT, period }))],
    ['options.burst', wrapped(costs, (burst) => ({ ...RIGHT, burst }))],
    ['options.cost', wrapped(costs, (cost) => ({ ...RIGHT, cost }))],
    ['options.name', [['unknown', { ...RIGHT, name: 'a' }, "is not an option; there are '"]]],
    ['options', [['null', null, 'must be an object, got null']]],
  ]]]],
  ...(['check', 'peek'] as const).map((method): (typeof methods)[number] => [
    method,
    [['k', [['key', keys]]], [RIGHT, [...policies('policies', (policy) => policy), ...policies('policies\\[1\\]', (policy) => [{ ...RIGHT, name: 'ok' }, policy]), ['policies', lists]]], [undefined, costOption]],
  ]),
  ...(['refund', 'penalize'] as const).map((method): (typeof methods)[number] => [method, [['k', [['key', keys]]], [RIGHT, policies('policies', (policy) => policy)], [undefined, [['units', costs]]]]]),
  ['reserve', [['k', [['key', keys]]], [RIGHT, [['policies', lists]]], [1, [['estimate', required(costs)]]], [undefined, [
    ['options.idempotencyKey', wrapped([...keys.slice(1), ['of 257 characters', 'i'.repeat(257), 'must be at most 256 characters, got 257', 'RangeError']], (idempotencyKey) => ({ idempotencyKey }))],
    ['options.leaseMs', wrapped(spans, (leaseMs) => ({ leaseMs }))],
    ['options.lease', [['misspelt', { lease: 5 }, "is not an option; did you mean 'leaseMs'?"]]],
  ]]]],
  ['block', [['k', [['key', keys]]], ['1m', [['duration', periods.filter(([what]) => what !== 'a year too long')]]]]],
  ['reset', [['k', [['key', keys]]]]],
  ['concurrency', [['k', [['key', keys]]], [5, [['limit', required(integers(0))]]], [undefined, [['options.leaseMs', wrapped(spans, (leaseMs) => ({ leaseMs }))], ['options.ttl', [['unknown', { ttl: 5 }, "is not an option; there are '"]]]]]]],
]

for (const [method, args] of methods) {
  describe(`${method} rejects, and sends nothing, for`, () => {
    args.forEach(([, wrong], position) => {
      for (const [name, each] of wrong) {
        if (each.length === 0) continue
        test(`a wrong ${name.replaceAll('\\', '')}`, async () => {
          const rights = args.map(([right]) => right)
          const sent = await sentBy(redis, async () => {
            for (const [what, argument, rest, kind = 'TypeError'] of each) {
              const promise = limits[method](...rights.slice(0, position), argument, ...rights.slice(position + 1))
              assert.ok(promise instanceof Promise, 'it must not throw')
              await assert.rejects(promise, (error: any) => {
                assert.deepEqual([error.name, error.code], [kind, 'ERR_INVALID_ARG'], `${what}: ${error.stack}`)
                assert.match(error.message, new RegExp(`^${name} ${rest.replace(/[?[\]()]/g, '\\$&')}`), what)
                assert.doesNotMatch(error.message, /hunter2/)
                return true
              })
            }
          })
          assert.deepEqual(sent, {})
        })
      }
    })
  })
}

test('what was checked before does not let anything wrong pass', async () => {
  const right = { name: 'a', limit: 5, period: 1000, algorithm: 'gcra', burst: 5 }
  await limits.check('k', [right])
  for (const wrong of [{ limit: '5' }, { period: '1000' }, { burst: '5' }, { algorithm: ['gcra'] }, { name: ['a'] }, { limit: { valueOf: () => 5, toString: () => '5' } }, { more: 1 }]) {
    await assert.rejects(limits.check('k', [{ ...right, ...wrong }]), { code: 'ERR_INVALID_ARG' }, JSON.stringify(wrong))
  }
  await limits.fixedWindow('k', 5, 1)
  await assert.rejects(limits.fixedWindow('k', '5', 1), { name: 'TypeError' })
  await assert.rejects(limits.fixedWindow('k', 5, '1'), { name: 'TypeError' })
})

test('a policy that is changed after it was checked is checked again', async () => {
  const one: any = { name: 'changed', limit: 5, period: '1h', algorithm: 'fixedWindow' }
  const list = [one]
  const remaining = async () => [(await limits.check('changed', one)).remaining, (await limits.check('changed', list)).remaining]
  assert.deepEqual(await remaining(), [4, 3])
  one.limit = 10
  assert.deepEqual(await remaining(), [7, 6])
  list.push({ ...one, name: 'other', limit: 3 })
  assert.equal((await limits.check('changed', list)).policies.length, 2)
  list.push({ ...one })
  await assert.rejects(limits.check('changed', list), { code: 'ERR_INVALID_ARG' })
  one.limit = '10'
  await assert.rejects(limits.check('changed', one), { code: 'ERR_INVALID_ARG' })
})

test('a settlement of what is no count of units is refused, and can be made still', async () => {
  const { settle } = await limits.reserve('settled', RIGHT, 3)
  for (const actual of [NaN, -1, 1.5, Infinity, '1', undefined, null]) await assert.rejects(settle(actual), { code: 'ERR_INVALID_ARG' })
  assert.equal(await settle(0), true)
})

const constructed: [what: string, make: () => unknown, message: RegExp, name: string][] = [
  ['no client', () => new (RateLimiter as any)(), /^redis must be a Redis of this package, got undefined/, 'TypeError'],
  ['another client', () => new (RateLimiter as any)({}), /^redis must be a Redis of this package/, 'TypeError'],
  ['an unknown option', () => new (RateLimiter as any)(redis, { timeout: 5 }), /^options.timeout is not an option; did you mean 'timeoutMs'\?/, 'TypeError'],
  ['an unknown way', () => new (RateLimiter as any)(redis, { onUnavailable: 'open' }), /^options.onUnavailable must be 'allow', 'deny' or 'local', got another string/, 'TypeError'],
  ['a way that is none', () => new (RateLimiter as any)(redis, { onUnavailable: true }), /^options.onUnavailable must be/, 'TypeError'],
  ['an empty prefix', () => new (RateLimiter as any)(redis, { prefix: '' }), /^options.prefix must not be empty/, 'TypeError'],
  ['a deadline of 0', () => new (RateLimiter as any)(redis, { timeoutMs: 0 }), /^options.timeoutMs must be from 1 ms/, 'RangeError'],
  ['a deadline beyond all timers', () => new (RateLimiter as any)(redis, { timeoutMs: '30d' }), /^options.timeoutMs must be at most/, 'RangeError'],
  ['no instances', () => new (RateLimiter as any)(redis, { instances: 0 }), /^options.instances must be an integer from 1 to 10000/, 'RangeError'],
]
for (const [what, make, message, name] of constructed) {
  test(`a limiter cannot be made with ${what}`, () => assert.throws(make, { message, name, code: 'ERR_INVALID_ARG' }))
}
