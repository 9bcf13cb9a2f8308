import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis, RedisRepository, TypeSafeCache } from '../index.js'
import type { TestServer } from '../testing.js'
import { sentBy } from './support/cache-tools'
import { realServer } from './support/servers'

let server: TestServer
let redis: Redis
let cache: any
let users: any
before(async () => {
  server = await realServer()
  redis = await Redis.connect(server.url)
  cache = new TypeSafeCache(redis, { maxValueBytes: 100 })
  users = new RedisRepository(redis, 'user', { maxValueBytes: 100 })
  await cache.get('1')
})
after(async () => {
  await redis.close()
  await server.stop()
})

type Call = (...args: any[]) => unknown
/** What is wrong, the arguments, and how the message begins. A `RangeError` where it says so, else a `TypeError`. */
type Wrong = [what: string, argument: any, message: RegExp, kind?: 'RangeError']

const cyclic: any = { secret: 'hunter2' }
cyclic.self = cyclic
const thrower = {
  toJSON() {
    throw new Error('hunter2')
  },
}

const keys = (name: string): Wrong[] => {
  const from = (rest: string) => new RegExp(`^${name} ${rest}`)
  return [
    ['none', undefined, from('must be a string, got undefined')],
    ['null', null, from('must be a string, got null')],
    ['a number', 42, from('must be a string, got a number')],
    ['an object', {}, from('must be a string, got an instance of Object')],
    ['a symbol', Symbol('x'), from('must be a string, got a symbol')],
    ['a String object', Object('x'), from('must be a string')],
    ['empty', '', from('must not be empty')],
    ['with NUL', 'a\0b', from('must not contain a NUL character')],
    ['with a lone high surrogate', 'a\ud800', from('must not contain a lone surrogate')],
    ['with a lone low surrogate', '\udc00a', from('must not contain a lone surrogate')],
    ['with surrogates in the wrong order', '\udc00\ud800', from('must not contain a lone surrogate')],
    ['too long', 'k'.repeat(65_537), from('must be at most 65536 bytes, got 65537'), 'RangeError'],
  ]
}
const namespaces = (name: string) => keys(name).slice(1)
const lists = (name: string): Wrong[] => [
  ['none', undefined, new RegExp(`^${name} must be an array of strings, got undefined`)],
  ['a string', 'abc', new RegExp(`^${name} must be an array of strings, got a string`)],
  ['a set', new Set(['a']), new RegExp(`^${name} must be an array of strings, got an instance of Set`)],
  // eslint-disable-next-line no-sparse-arrays
  ['with a hole', ['a', , 'b'], new RegExp(`^${name}\\[1\\] must be a string, got undefined`)],
  ...keys(`${name}\\[1\\]`).map(([what, key, ...rest]): Wrong => [`that holds a key ${what}`, ['a', key], ...rest]),
]
const values = (name: string): Wrong[] => {
  const from = (rest: string) => new RegExp(`^${name} ${rest}`)
  return [
    ['undefined', undefined, from('cannot be stored as JSON, got undefined')],
    ['a function', () => 'hunter2', from('cannot be stored as JSON, got a function')],
    ['a symbol', Symbol('hunter2'), from('cannot be stored as JSON, got a symbol')],
    ['cyclic', cyclic, from('cannot be stored as JSON: it is cyclic')],
    ['a bigint', 3n, from('cannot be stored as JSON: it is cyclic, holds a bigint')],
    ['with a bigint inside', { deep: [3n] }, from('cannot be stored as JSON')],
    ['whose toJSON throws', thrower, from('cannot be stored as JSON: .* its toJSON throws')],
    ['whose toJSON gives nothing', { toJSON() {} }, from('cannot be stored as JSON, got an instance of Object')],
    ['too large a text', 'hunter2'.repeat(20), from('must be at most 100 bytes as stored, got 142'), 'RangeError'],
    ['too many bytes', new Uint8Array(101), from('must be at most 100 bytes as stored, got 101'), 'RangeError'],
  ]
}
const durations = (name: string): Wrong[] => [
  ['null', null, new RegExp(`^${name} must be a number or a string such as '10s', got null`)],
  ['a boolean', true, new RegExp(`^${name} must be a number or a string`)],
  ['a bigint', 10n, new RegExp(`^${name} must be a number or a string`)],
  ['a date', new Date(), new RegExp(`^${name} must be a number or a string`)],
  ...['', '10', 's', '10 s', '-10s', '10S', '1e3s', '10s ', 'Infinity', '1.s', '0x10s'].map(
    (text): Wrong => [`the text '${text}'`, text, new RegExp(`^${name} must be a number or a string such as '250ms'`)],
  ),
  ...[NaN, -1, -Infinity, 1e-9, 1e15].map((n): Wrong => [`${n}`, n, new RegExp(`^${name} must be from 1 ms`), 'RangeError']),
  ...['0s', '0.5ms', '99999999d'].map((text): Wrong => [text, text, new RegExp(`^${name} must be from 1 ms`), 'RangeError']),
]
/** Where only an object may stand. */
const noObjects = (...others: unknown[]): Wrong[] =>
  [null, [], () => {}, true, ...others].map((value): Wrong => [`${typeof value} ${String(value)}`, value, /^options must be an object, got/])
const within = (name: string, wrongs: Wrong[]): Wrong[] =>
  wrongs.map(([what, value, ...rest]): Wrong => [`${name}: ${what}`, { [name]: value }, ...rest])
const unknown = (wrong: string, nearest: string): Wrong => [
  `the unknown ${wrong}`,
  { [wrong]: 1 },
  new RegExp(`^options.${wrong} is not an option; did you mean '${nearest}'\\?`),
]
const setOptions: Wrong[] = [
  ...noObjects(60, '60s'),
  ...within('ttl', durations('options.ttl')),
  ...within('namespace', namespaces('options.namespace')),
  unknown('tll', 'ttl'),
  unknown('Namespace', 'namespace'),
]
const signals: Wrong[] = [null, 1, {}, new AbortController(), new EventTarget()].map(
  (signal): Wrong => [`signal: ${String(signal)}`, { signal }, /^options.signal must be an AbortSignal, got/],
)
const readThrough: Wrong[] = [
  ...within('ttl', durations('options.ttl')),
  ...within('namespace', namespaces('options.namespace')),
  ...within('forceFresh', [null, 1, 'yes'].map((value): Wrong => [String(value), value, /^options.forceFresh must be a boolean, got/])),
  ...signals,
  unknown('forcefresh', 'forceFresh'),
  unknown('staleTll', 'staleTtl'),
]
const functions = (name: string): Wrong[] =>
  [undefined, null, 'text', {}, Promise.resolve()].map((value): Wrong => [String(value), value, new RegExp(`^${name} must be a function, got`)])
const pairs: Wrong[] = [
  ...[undefined, null, 1, {}].map((value): Wrong => [String(value), value, /^entries must be an iterable of \[key, value\], got/]),
  ['a text', 'ab', /^entries\[0\] must be a \[key, value\], got a string/],
  ['an entry that is null', [['a', 1], null], /^entries\[1\] must be a \[key, value\], got null/],
  ['an entry that is an object', [{ key: 'a', value: 1 }], /^entries\[0\] must be a \[key, value\], got an instance of Object/],
  ['an entry of one', [['a']], /^entries\[0\] must be a \[key, value\], got an array of 1/],
  ['an entry of three', [['a', 1, 2]], /^entries\[0\] must be a \[key, value\], got an array of 3/],
  ...keys('entries\\[1\\]\\[0\\]').map(([what, key, ...rest]): Wrong => [`a key ${what}`, [['a', 1], [key, 1]], ...rest]),
  ...values('entries\\[1\\]\\[1\\]').map(([what, value, ...rest]): Wrong => [`a value ${what}`, [['a', 1], ['b', value]], ...rest]),
]

const one = () => 1
const methods: [call: string, call: Call, wrongs: Wrong[]][] = [
  ['get(key)', (key) => cache.get(key), keys('key')],
  ['get(_, namespace)', (namespace) => cache.get('1', namespace), namespaces('namespace')],
  ['lookup(key)', (key) => cache.lookup(key), keys('key')],
  ['lookup(_, options)', (options) => cache.lookup('1', options), [...noObjects('x'), ...within('namespace', namespaces('options.namespace')), ...signals, unknown('sginal', 'signal')]],
  ['set(key)', (key) => cache.set(key, 1), keys('key')],
  ['set(_, value)', (value) => cache.set('1', value), values('value')],
  ['set(_, _, options)', (options) => cache.set('1', 1, options), setOptions],
  ['del(key)', (key) => cache.del(key), keys('key')],
  ['del(_, namespace)', (namespace) => cache.del('1', namespace), namespaces('namespace')],
  ['delete(key)', (key) => cache.delete(key), keys('key')],
  ['delete(_, namespace)', (namespace) => cache.delete('1', namespace), namespaces('namespace')],
  ['exists(key)', (key) => cache.exists(key), keys('key')],
  ['exists(_, namespace)', (namespace) => cache.exists('1', namespace), namespaces('namespace')],
  ['getMany(keys)', (list) => cache.getMany(list), lists('keys')],
  ['getMany(_, namespace)', (namespace) => cache.getMany(['1'], namespace), namespaces('namespace')],
  ['setMany(entries)', (entries) => cache.setMany(entries), pairs],
  ['setMany(_, options)', (options) => cache.setMany([['1', 1]], options), setOptions],
  ['deleteMany(keys)', (list) => cache.deleteMany(list), lists('keys')],
  ['deleteMany(_, namespace)', (namespace) => cache.deleteMany(['1'], namespace), namespaces('namespace')],
  ['getOrSet(key)', (key) => cache.getOrSet(key, one), keys('key')],
  ['getOrSet(_, fetcher)', (fetcher) => cache.getOrSet('1', fetcher), functions('fetcher')],
  ['getOrSet(_, _, ttl)', (ttl) => cache.getOrSet('1', one, ttl), durations('ttl').filter(([, ttl]) => /number|string/.test(typeof ttl))],
  ['getOrSet(_, _, options)', (options) => cache.getOrSet('1', one, options), [...noObjects(), ...readThrough]],
  ['deletePattern(glob)', (glob) => cache.deletePattern(glob), keys('glob')],
  ['deletePattern(_, namespace)', (namespace) => cache.deletePattern('*', namespace), namespaces('namespace')],
  ['a wrapped function whose key', (key) => cache.wrap(one, { key: () => key })(), keys('key')],
  ['RedisRepository.get(id)', (id) => users.get(id), keys('id')],
  ['RedisRepository.set(id)', (id) => users.set(id, 1), keys('id')],
  ['RedisRepository.set(_, value)', (value) => users.set('1', value), values('value')],
  ['RedisRepository.set(_, _, ttl)', (ttl) => users.set('1', 1, ttl), durations('ttl')],
  ['RedisRepository.delete(id)', (id) => users.delete(id), keys('id')],
  ['RedisRepository.exists(id)', (id) => users.exists(id), keys('id')],
  ['RedisRepository.getMany(ids)', (ids) => users.getMany(ids), lists('ids')],
]

const clients = [undefined, null, {}, 'redis://localhost', { get() {} }].map(
  (client): Wrong => [String(client), client, /^redis must be a Redis of this package, got/],
)
const shared: Wrong[] = [
  ...noObjects('x', 1),
  ...within('prefix', namespaces('options.prefix')),
  ...within('ttl', durations('options.ttl')),
  ...within('timeoutMs', [...durations('options.timeoutMs'), ['0', 0, /^options.timeoutMs must be from 1 ms/, 'RangeError'], ['Infinity', Infinity, /^options.timeoutMs must be/, 'RangeError'], ['50d', '50d', /^options.timeoutMs must be at most/, 'RangeError']]),
  ...within('maxValueBytes', [
    ...[null, '1'].map((value): Wrong => [String(value), value, /^options.maxValueBytes must be a number, got/]),
    ...[0, -1, 1.5, NaN, Infinity, 67_108_865].map((value): Wrong => [String(value), value, /^options.maxValueBytes must be an integer from 1 to 67108864, got/, 'RangeError']),
  ]),
]
const throwers: [call: string, call: Call, wrongs: Wrong[]][] = [
  ['new TypeSafeCache(redis)', (client) => new TypeSafeCache(client), clients],
  [
    'new TypeSafeCache(_, options)',
    (options) => new TypeSafeCache(redis, options),
    [
      ...shared,
      ...within('namespace', namespaces('options.namespace')),
      ...within('jitter', [null, '0.1'].map((value): Wrong => [String(value), value, /^options.jitter must be a number, got/])),
      ...within('jitter', [-0.1, 1.1, NaN, Infinity].map((value): Wrong => [String(value), value, /^options.jitter must be from 0 to 1, got/, 'RangeError'])),
      ...within('onError', functions('options.onError').slice(1)),
      unknown('namespase', 'namespace'),
      unknown('onerror', 'onError'),
    ],
  ],
  ['new RedisRepository(redis)', (client) => new RedisRepository(client, 'user'), clients],
  ['new RedisRepository(_, namespace)', (namespace) => new RedisRepository(redis, namespace), keys('namespace')],
  ['new RedisRepository(_, _, options)', (options) => new RedisRepository(redis, 'user', options), [...shared, unknown('perfix', 'prefix')]],
  ['wrap(fn)', (fn) => cache.wrap(fn, { key: String }), functions('fn')],
  ['wrap(_, options)', (options) => cache.wrap(one, options), [...noObjects(), ...readThrough.map(([what, options, ...rest]): Wrong => [what, { key: String, ...options }, ...rest]), ...within('key', functions('options.key'))]],
]

/** One family of errors, and nothing of a value in any of them. */
function assertRefusal(error: any, message: RegExp, kind = 'TypeError'): true {
  assert.equal(error.name, kind)
  assert.equal(error.code, 'ERR_INVALID_ARG')
  assert.match(error.message, message)
  assert.doesNotMatch(error.message, /hunter2/)
  return true
}

describe('a wrong argument is refused by name, and nothing is sent', () => {
  for (const [name, call, wrongs] of methods) {
    test(`${name} rejects`, async () => {
      const sent = await sentBy(redis, async () => {
        for (const [what, argument, message, kind] of wrongs) {
          let promise: unknown
          assert.doesNotThrow(() => (promise = call(argument)), `${what}: thrown and not rejected`)
          assert.ok(promise instanceof Promise)
          await assert.rejects(promise, (error) => assertRefusal(error, message, kind), what)
        }
      })
      assert.deepEqual(sent, {})
    })
  }

  for (const [name, call, wrongs] of throwers) {
    test(`${name} throws`, () => {
      for (const [what, argument, message, kind] of wrongs) {
        assert.throws(() => call(argument), (error) => assertRefusal(error, message, kind), what)
      }
    })
  }

  test('undefined stands for what is not given', async () => {
    const options = { prefix: undefined, namespace: undefined, ttl: undefined, jitter: undefined, maxValueBytes: undefined, timeoutMs: undefined, onError: undefined }
    const cache: any = new TypeSafeCache(redis, options as any)
    await cache.set('1', 1, { ttl: undefined, namespace: undefined })
    assert.equal(await cache.getOrSet('1', one, { ttl: undefined, namespace: undefined, forceFresh: undefined, signal: undefined }), 1)
    assert.equal(await cache.get('1', undefined), 1)
    assert.equal((await cache.lookup('1', { signal: undefined })).value, 1)
  })

  test('a list that changes while it is looked at is taken as it was', async () => {
    const keys = ['a', 'b']
    const pending = [cache.getMany(keys), cache.deleteMany(keys)]
    keys.push('\0')
    keys.length = 1
    assert.deepEqual(await Promise.all(pending), [[null, null], 0])
  })

  test('what a user function throws comes through as it is', async () => {
    const bug = new Error('bug')
    const fails = () => {
      throw bug
    }
    const entries = { [Symbol.iterator]: fails }
    await assert.rejects(cache.setMany(entries), (error) => error === bug)
    await assert.rejects(cache.wrap(one, { key: fails })(), (error) => error === bug)
    await assert.rejects(cache.set('1', thrower), (error: any) => error.cause.message === 'hunter2')
  })
})
