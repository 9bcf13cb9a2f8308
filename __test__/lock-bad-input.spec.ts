import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DistributedLock, ReadWriteLock, Redis, Semaphore } from '../index.js'
import { LockStandIn } from './support/lock-stand-in'

/** They would connect when something is sent. */
const redis = new Redis({ path: '/nowhere.sock' })
const second = new Redis({ path: '/nowhere-else.sock' })
const third = new Redis({ path: '/nowhere-at-all.sock' })
const locks: any = new DistributedLock(redis)
const quorum: any = new DistributedLock([redis, second, third])
const permits: any = new Semaphore(redis, { permits: 3 })
const sides: any = new ReadWriteLock(redis)
/** A lock that is held, of resource `r`, of something else. */
const foreign = await new LockStandIn().locks().acquire('r', 10_000, undefined, 0)

/** What is wrong, the argument, how the message goes on behind its name. A `RangeError` where it says so, else a `TypeError`. */
type Wrong = [what: string, argument: unknown, rest: string, kind?: 'RangeError']

const names: Wrong[] = [
  ['none', undefined, 'must be a string'],
  ['null', null, 'must be a string'],
  ['a number', 42, 'must be a string'],
  ['an object', { hunter2: 1 }, 'must be a string'],
  ['a symbol', Symbol('hunter2'), 'must be a string'],
  ['empty', '', 'must not be empty'],
  ['with NUL', 'hunter2\0b', 'must not contain a NUL character'],
  ['with a lone surrogate', 'hunter2\ud800', 'must not contain a lone surrogate'],
  ['too long', 'k'.repeat(65_537), 'must be at most 65536 bytes', 'RangeError'],
]
const one: Wrong[] = [...names, ['a list', ['a'], 'must be a string, got an array']]
const lists: Wrong[] = [
  ['an empty list', [], 'must not be an empty array'],
  ['twice the same', ['hunter2', 'a', 'hunter2'], 'must not hold the same name twice'],
  ['129', Array.from({ length: 129 }, (_, i) => `r${i}`), 'must hold at most 128 names, got 129', 'RangeError'],
]
const members: Wrong[] = names.map(([what, name, rest, kind]) => [`${what} in a list`, ['a', name], rest, kind])
const spans: Wrong[] = [
  ['0', 0, 'must be from 1 ms', 'RangeError'],
  ['0 s', '0s', 'must be from 1 ms', 'RangeError'],
  ['negative', -5, 'must be from 1 ms', 'RangeError'],
  ['less than 1 ms', 0.5, 'must be from 1 ms', 'RangeError'],
  ['NaN', NaN, 'must be from 1 ms', 'RangeError'],
  ['infinite', Infinity, 'must be from 1 ms', 'RangeError'],
  ['infinitely little', -Infinity, 'must be from 1 ms', 'RangeError'],
  ['above the limit', 2 ** 31, 'must be at most 2147483647 ms', 'RangeError'],
  ['25 days', '25d', 'must be at most 2147483647 ms', 'RangeError'],
  ['a text without a unit', '10', 'must be a number or a string such as'],
  ['another text', 'hunter2', 'must be a number or a string such as'],
  ['null', null, 'must be a number or a string such as'],
  ['a bigint', 5n, 'must be a number or a string such as'],
  ['a symbol', Symbol('hunter2'), 'must be a number or a string such as'],
]
const waits = spans.filter(([what]) => what !== '0')
const needed: Wrong[] = [['none', undefined, 'must be a number or a string such as'], ...spans]
const integers = (least: number): Wrong[] => [
  ['NaN', NaN, `must be an integer from ${least} to`, 'RangeError'],
  ['infinite', Infinity, `must be an integer from ${least} to`, 'RangeError'],
  ['negative', -1, `must be an integer from ${least} to`, 'RangeError'],
  ['fractional', 1.5, `must be an integer from ${least} to`, 'RangeError'],
  ['too many', 2 ** 31, `must be an integer from ${least} to`, 'RangeError'],
]
const kinds: Wrong[] = [['a string', '5', 'must be a number'], ['null', null, 'must be a number'], ['a bigint', 5n, 'must be a number'], ['an object', {}, 'must be a number']]
const flags: Wrong[] = [['a string', 'yes', 'must be a boolean, got a string'], ['a number', 1, 'must be a boolean, got a number'], ['null', null, 'must be a boolean, got null']]
const replicas: Wrong[] = [
  ...integers(0),
  ['another word', 'most', "must be a number, 'majority' or 'all', got another string"],
  ['null', null, "must be a number, 'majority' or 'all', got null"],
  ['a flag', true, "must be a number, 'majority' or 'all', got a boolean"],
]
const signals: Wrong[] = [['null', null, 'must be an AbortSignal, got null'], ['a controller', new AbortController(), 'must be an AbortSignal'], ['a look-alike', { aborted: false, addEventListener() {} }, 'must be an AbortSignal']]
const tokens: Wrong[] = [
  ['none', undefined, 'must be a HeldLock or its token, got undefined'],
  ['null', null, 'must be a HeldLock or its token, got null'],
  ['a number', 5, 'must be a HeldLock or its token, got a number'],
  ['a look-alike', { token: 'hunter2', resource: 'r' }, 'must be a HeldLock or its token, got an instance of Object'],
  ['empty', '', 'must not be empty'],
  ['with NUL', 'hunter2\0', 'must not contain a NUL character'],
  ['of another client', foreign, 'must come from a lock of this class, prefix and client'],
]
const helds: Wrong[] = [
  ['null', null, 'must be a HeldLock, got null'],
  ['a token', 'hunter2', 'must be a HeldLock, got a string'],
  ['a look-alike', { ...foreign }, 'must be a HeldLock, got an instance of Object'],
  ['of another client', foreign, 'must come from a lock of this class, prefix and client'],
]
const functions: Wrong[] = [['none', undefined, 'must be a function, got undefined'], ['a promise', Promise.resolve(), 'must be a function'], ['null', null, 'must be a function, got null']]

const objects: [name: string, wrong: Wrong[]] = ['options', [['null', null, 'must be an object, got null'], ['a number', 10_000, 'must be an object, got a number'], ['a list', [], 'must be an object, got an array']]]
function option(name: string, wrong: Wrong[]): [name: string, wrong: Wrong[]] {
  return [`options.${name}`, wrong.map(([what, value, ...rest]) => [what, { [name]: value }, ...rest])]
}
function misspelt(name: string, meant: string): [name: string, wrong: Wrong[]] {
  return [`options.${name}`, [['misspelt', { [name]: 5 }, `is not an option; did you mean '${meant}'?`]]]
}
const lasting = [option('maxHoldMs', spans), option('replicas', replicas), option('replicaTimeoutMs', spans)]
const acquire = [objects, option('waitMs', waits), option('signal', signals), option('renew', flags), ...lasting, misspelt('wait', 'waitMs'), misspelt('maxholdms', 'maxHoldMs')]
const fair = [option('fair', flags)]
const under = [...acquire, option('ttl', spans), option('retries', [...integers(0), ...kinds]), option('retryDelay', waits), option('held', helds), misspelt('ttlMs', 'ttl'), misspelt('retry', 'retries')]
const unfair: [string, Wrong[]] = ['options.fair', [['given', { fair: true }, 'is not an option']]]
const resource: [name: string, wrong: Wrong[]][] = [['resource', [...names, ...lists]], ['resource\\[1\\]', members]]
const single: [name: string, wrong: Wrong[]][] = [['resource', one]]
const fn = () => assert.fail('it must not run')

/** An object, its name, a method, and each of its arguments: what is right, and what is wrong of it. */
const methods: [object: any, name: string, method: string, args: [right: unknown, wrong: [name: string, wrong: Wrong[]][]][]][] = [
  [locks, 'DistributedLock', 'acquire', [['r', resource], [1000, [['ttlMs', spans]]], [{}, [...acquire, ...fair]]]],
  [locks, 'DistributedLock', 'withLock', [['r', resource], [fn, [['fn', functions]]], [{}, [...under, ...fair]]]],
  [locks, 'DistributedLock', 'release', [['r', resource], ['t', [['lock', tokens]]]]],
  [locks, 'DistributedLock', 'extend', [['r', resource], ['t', [['lock', tokens]]], [1000, [['ttlMs', needed]]]]],
  [locks, 'DistributedLock', 'inspect', [['r', single]]],
  [permits, 'Semaphore', 'acquire', [['r', single], [1000, [['ttlMs', spans]]], [{}, [...acquire, ...fair]]]],
  [permits, 'Semaphore', 'withPermit', [['r', single], [fn, [['fn', functions]]], [{}, [...under, ...fair]]]],
  [permits, 'Semaphore', 'release', [['r', single], ['t', [['lock', tokens]]]]],
  [permits, 'Semaphore', 'extend', [['r', single], ['t', [['lock', tokens]]], [1000, [['ttlMs', needed]]]]],
  [permits, 'Semaphore', 'inspect', [['r', single]]],
  [permits, 'Semaphore', 'resize', [['r', single], [5, [['permits', [['none', undefined, 'must be a number'], ['0', 0, 'must be an integer from 1 to', 'RangeError'], ...integers(1), ...kinds]]]]]],
  ...(['read', 'write'] as const).map((method): any => [sides, 'ReadWriteLock', method, [['r', single], [1000, [['ttlMs', spans]]], [{}, [...acquire, unfair]]]]),
  ...(['withRead', 'withWrite'] as const).map((method): any => [sides, 'ReadWriteLock', method, [['r', single], [fn, [['fn', functions]]], [{}, [...under, unfair]]]]),
  [sides, 'ReadWriteLock', 'release', [['r', single], ['t', [['lock', tokens]]]]],
  [sides, 'ReadWriteLock', 'extend', [['r', single], ['t', [['lock', tokens]]], [1000, [['ttlMs', needed]]]]],
  [sides, 'ReadWriteLock', 'inspect', [['r', single]]],
]

/** What a call was refused with, which has sent nothing. */
async function refused(call: () => unknown, name: string, kind: string, begins: string, what: string): Promise<void> {
  const promise = call()
  assert.ok(promise instanceof Promise, 'it must not throw')
  await assert.rejects(promise, (error: any) => {
    assert.deepEqual([error.name, error.code], [kind, 'ERR_INVALID_ARG'], `${what}: ${error.stack}`)
    assert.match(error.message, new RegExp(`^${name} ${begins.replace(/[?[\]().]/g, '\\$&')}`), what)
    assert.doesNotMatch(error.message, /hunter2/)
    return true
  })
  assert.equal(redis.metrics().operations, 0)
}

for (const [object, of, method, args] of methods) {
  describe(`${method} of a ${of} rejects, and sends nothing, for`, () => {
    args.forEach(([, wrong], position) => {
      for (const [name, each] of wrong) {
        test(`a wrong ${name.replaceAll('\\', '')}`, async () => {
          const rights = args.map(([right]) => right)
          for (const [what, argument, rest, kind = 'TypeError'] of each) {
            await refused(() => object[method](...rights.slice(0, position), argument, ...rights.slice(position + 1)), name, kind, rest, what)
          }
        })
      }
    })
  })
}

describe('what does not go together is refused:', () => {
  const cases: [what: string, call: () => unknown, name: string, rest: string][] = [
    ['an order of several resources', () => locks.acquire(['a', 'b'], 1000, { fair: true }), 'options.fair', 'is of one resource only'],
    ['an order of several resources, for a function', () => locks.withLock(['a', 'b'], fn, { fair: true }), 'options.fair', 'is of one resource only'],
    ['an order of several resources, of the constructor', () => new (DistributedLock as any)(redis, { fair: true }).acquire(['a', 'b']), 'options.fair', 'is of one resource only'],
    ['an order of several servers', () => quorum.acquire('a', 1000, { fair: true }), 'options.fair', 'is of one server only'],
    ['replicas of several servers', () => quorum.acquire('a', 1000, { replicas: 'all' }), 'options.replicas', 'is of one server only'],
    ['a time for replicas of several servers', () => quorum.withLock('a', fn, { replicaTimeoutMs: 5 }), 'options.replicas', 'is of one server only'],
  ]
  for (const [what, call, name, rest] of cases) test(what, () => refused(call, name, 'TypeError', rest, what))
})

type Made = [what: string, make: () => unknown, message: RegExp, name?: 'RangeError']
const made = (Class: any, more: object = {}): Made[] => [
  ['no client', () => new Class(undefined, more), /^redis must be a Redis of this package, got undefined/],
  ['another client', () => new Class({}, more), /^redis must be a Redis of this package, got an instance of Object/],
  ['an empty prefix', () => new Class(redis, { ...more, prefix: '' }), /^options.prefix must not be empty/],
  ['a prefix that is none', () => new Class(redis, { ...more, prefix: 5 }), /^options.prefix must be a string/],
  ['an empty name', () => new Class(redis, { ...more, name: '' }), /^options.name must not be empty/],
  ['a misspelt option', () => new Class(redis, { ...more, loopStallLimit: 5 }), /^options.loopStallLimit is not an option; did you mean 'loopStallLimitMs'\?/],
  ['an option of a call', () => new Class(redis, { ...more, waitMs: 5 }), /^options.waitMs is not an option/],
  ['no time to stall', () => new Class(redis, { ...more, loopStallLimitMs: 0 }), /^options.loopStallLimitMs must be from 1 ms/, 'RangeError'],
  ['no time to hold', () => new Class(redis, { ...more, maxHoldMs: 0 }), /^options.maxHoldMs must be from 1 ms/, 'RangeError'],
  ['replicas that are none', () => new Class(redis, { ...more, replicas: -1 }), /^options.replicas must be an integer from 0/, 'RangeError'],
  ['options that are none', () => new Class(redis, null), /^options must be an object, got null/],
]
const quorums: Made[] = [
  ['no client', () => new DistributedLock([]), /^redis must be a Redis, or at least 2 of independent servers, got an array of 0/],
  ['one client', () => new DistributedLock([redis]), /^redis must be a Redis, or at least 2 of independent servers, got an array of 1/],
  ['what is no client', () => new DistributedLock([redis, {} as Redis]), /^redis\[1\] must be a Redis of this package/],
  ['a hole', () => new DistributedLock([redis, undefined, second] as any), /^redis\[1\] must be a Redis of this package, got undefined/],
  ['the same client twice', () => new DistributedLock([redis, second, redis]), /^redis\[2\] must lead to another server than redis\[0\]/],
  ['two clients of one server', () => new DistributedLock([redis, second, redis.duplicate()]), /^redis\[2\] must lead to another server than redis\[0\]/],
  ['an order', () => new DistributedLock([redis, second], { fair: true }), /^options.fair is of one server only/],
  ['replicas', () => new DistributedLock([redis, second], { replicas: 1 }), /^options.replicas is of one server only/],
]
const several: Made[] = [Semaphore, ReadWriteLock].map((Class: any) => [`a ${Class.name} of several servers`, () => new Class([redis, second], { permits: 1 }), /^(redis must be a Redis of this package, got an array|options.permits is not an option)/])
const counts: Made[] = [
  ['no options', () => new (Semaphore as any)(redis), /^options must be an object, got undefined/],
  ['no permits', () => new (Semaphore as any)(redis, {}), /^options.permits must be a number, got undefined/],
  ['permits in a string', () => new (Semaphore as any)(redis, { permits: '3' }), /^options.permits must be a number, got a string/],
  ...[0, -1, 1.5, NaN, Infinity, 2 ** 31].map((permits): Made => [`${permits} permits`, () => new Semaphore(redis, { permits }), /^options.permits must be an integer from 1 to 2147483647/, 'RangeError']),
]
const constructors: [of: string, cases: Made[]][] = [
  ['a lock', made(DistributedLock)],
  ['a quorum', quorums],
  ['a semaphore', [...made(Semaphore, { permits: 1 }), ...counts]],
  ['a read-write lock', [...made(ReadWriteLock), ['an order', () => new (ReadWriteLock as any)(redis, { fair: true }), /^options.fair is not an option/]]],
  ['anything but a mutex', several],
]
for (const [of, cases] of constructors) {
  describe(`${of} cannot be made with`, () => {
    for (const [what, make, message, name = 'TypeError'] of cases) test(what, () => assert.throws(make, { message, name, code: 'ERR_INVALID_ARG' }))
  })
}
