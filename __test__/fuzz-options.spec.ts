import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { root } from './support/root'

const load = createRequire(import.meta.url)
const { parseUrl } = load(path.join(root, 'lib/url.js'))
const { normalise, merge, toNative, fromEnvironment } = load(path.join(root, 'lib/options.js'))

const SECRET = 'pass-SECRET-word'

/** What it gives; `undefined` where it refuses, as it should: an argument of the wrong kind or range, named without its value. */
function given<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch (error: any) {
    assert.ok(error instanceof TypeError || error instanceof RangeError, `${error}`)
    assert.equal((error as any).code, 'ERR_INVALID_ARG', error.stack)
    assert.doesNotMatch(`${error.message} ${JSON.stringify(error)}`, /SECRET/)
    return undefined
  }
}

const text = fc.string({ unit: 'binary', maxLength: 12 })
const schemes = ['redis', 'rediss', 'valkey', 'valkeys', 'unix', 'redis+unix', 'redis+cluster', 'redis+sentinel', 'embedded', 'http', 'REDIS', '']

/** What looks like a URL of ours, and mostly is not one. */
const url = fc
  .record({
    scheme: fc.constantFrom(...schemes),
    slashes: fc.constantFrom('://', ':', ':/', ':///', ''),
    user: fc.oneof(fc.constant(''), text, fc.constantFrom('me', '%', '%E0%A4%A', 'a:b')),
    host: fc.oneof(fc.constantFrom('', 'localhost', '127.0.0.1', '[::1]', '[::1', 'a b', 'h%41', 'a,b', 'xn--a', '256.1.1.1', '１２７.0.0.1'), text),
    port: fc.constantFrom('', ':', ':0', ':6379', ':99999', ':-1', ':port', ':6379,b:6380'),
    rest: fc.oneof(fc.constantFrom('', '/', '/0', '/15', '/256', '/01', '/a', '/%00', '/a%E0%A4%A', '?db=3', '?db=', '?db=a', '?pool=5', '?name=x', '#x', '//'), text),
  })
  .map(({ scheme, slashes, user, host, port, rest }) => `${scheme}${slashes}${user}:${SECRET}@${host}${port}${rest}`)

describe('any URL', () => {
  test('is parsed or refused, and its password never told', () => {
    fc.assert(fc.property(url, (url) => void given(() => parseUrl(url))), { seed: 1, numRuns: 5000 })
    fc.assert(fc.property(fc.anything(), (value) => void given(() => parseUrl(value))), { seed: 1, numRuns: 1000 })
  })

  test('that is parsed gives parts that the core takes', () => {
    let taken = 0
    const check = fc.property(url, (url) => {
      const native = given(() => toNative(normalise(url)))
      if (native === undefined) return
      taken++
      assertNative(native)
    })
    fc.assert(check, { seed: 1, numRuns: 5000 })
    assert.ok(taken > 50, `${taken} were taken`)
  })

  test('says what was put into it', () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((part) => !part.includes('\0') && (part as any).isWellFormed())
    const parts = fc.record({ username: part, password: part, port: fc.integer({ min: 1, max: 65535 }), db: fc.integer({ min: 0, max: 255 }) })
    const check = fc.property(parts, ({ username, password, port, db }) => {
      const url = `redis://${encodeURIComponent(username)}:${encodeURIComponent(password)}@host:${port}/${db}`
      const native = toNative(normalise(url))
      assert.deepEqual([native.username, native.password, native.addresses, native.db], [username, password, [`host:${port}`], db])
    })
    fc.assert(check, { seed: 1, numRuns: 500 })
  })
})

/** What the core is promised. */
function assertNative(native: any): void {
  const whole = (value: unknown, least: number, most: number) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most
  for (const name of ['connectTimeout', 'commandTimeout', 'watchdog', 'keepAlive', 'reconnectMin', 'reconnectMax']) {
    assert.ok(whole(native[name], 1, 2 ** 31 - 1), `${name}: ${native[name]}`)
  }
  assert.ok(whole(native.poolSize, 1, 64) && whole(native.db, 0, 255) && whole(native.maxPending, 1, 1_000_000))
  assert.ok(native.path !== '' || native.addresses.length > 0)
  for (const address of native.addresses) assert.ok(whole(Number(/^[^]+:(\d+)$/.exec(address)?.[1]), 1, 65535) && !address.includes('\0'), address)
  assert.ok(native.protocol === 2 || native.protocol === 3)
  for (const name of ['path', 'masterName', 'username', 'password', 'connectionName']) {
    assert.ok(native[name] === undefined || (typeof native[name] === 'string' && !native[name].includes('\0')), name)
  }
}

const names = ['url', 'host', 'port', 'path', 'username', 'password', 'db', 'connectionName', 'protocol', 'connectTimeout', 'commandTimeout', 'maxPending', 'reconnect', 'watchdogMs', 'keepAlive']
const value = fc.oneof(
  { weight: 2, arbitrary: fc.anything() },
  { weight: 1, arbitrary: fc.constantFrom(undefined, null, '', 0, 1, 3, 6379, '10s', '0ms', '-1s', Infinity, NaN, { minMs: 1 }, { minMs: 9, maxMs: 1 }, 'host', '/path', SECRET) },
  { weight: 1, arbitrary: url },
)
const options = fc.dictionary(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: text }), value, { maxKeys: 4 })

describe('any options', () => {
  test('are taken or refused, and no value of theirs told', () => {
    let taken = 0
    const check = fc.property(options, (options) => {
      const native = given(() => toNative(normalise(options)))
      if (native === undefined) return
      taken++
      assertNative(native)
    })
    fc.assert(check, { seed: 1, numRuns: 5000 })
    assert.ok(taken > 100, `${taken} were taken`)
    fc.assert(fc.property(fc.anything(), (value) => void given(() => toNative(normalise(value)))), { seed: 1, numRuns: 1000 })
  })

  test('of one client over those of another are taken or refused', () => {
    const check = fc.property(options, options, (base, over) => {
      const [first, second] = [given(() => normalise(base)), given(() => normalise(over))]
      if (first !== undefined && second !== undefined) given(() => toNative(merge(first, second)))
    })
    fc.assert(check, { seed: 1, numRuns: 2000 })
  })

  test('of any environment are taken or refused', () => {
    const variables = fc.constantFrom('REDIS_URL', 'REDIS_HOST', 'REDIS_PORT', 'REDIS_USERNAME', 'REDIS_PASSWORD', 'REDIS_DB')
    const environment = fc.dictionary(variables, fc.oneof(text, url, fc.constantFrom('6379', '0', 'x', SECRET)))
    fc.assert(fc.property(environment, (env) => void given(() => toNative(normalise(fromEnvironment(env))))), { seed: 1, numRuns: 2000 })
  })
})
