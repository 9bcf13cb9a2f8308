import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { parseDictionary } from 'structured-headers'
import { root } from './support/root'

const load = createRequire(import.meta.url)
const { judgeResponse, judgeRequest, freshens, mergeHeaders } = load(path.join(root, 'lib/http/policy.js'))
const { Snapshot, storable } = load(path.join(root, 'lib/http/outgoing.js'))

const NOTHING_BEFORE = new Snapshot({ getHeaders: () => ({}) })

const NOW = Date.UTC(2026, 1, 2, 2, 40, 0)
const DATE = new Date(NOW).toUTCString()
const HTTP = { mode: 'http', cacheName: 'redwright' }

function judged(responseHeaders: string[], { options = {}, requestHeaders = {}, status = 200, method = 'GET' }: Record<string, any> = {}) {
  return judgeResponse({ method, status, requestHeaders, responseHeaders, options: { ...HTTP, ...options }, now: NOW })
}

describe('what a response says', () => {
  test('is told as terms', () => {
    const terms = judged(['Date', DATE, 'Age', '5', 'Cache-Control', 'public, max-age=60, stale-while-revalidate=10, stale-if-error=20', 'Vary', 'Foo, Accept-Encoding', 'ETag', '"a"'])
    const spans = { freshMs: 60_000, ageMs: 5000, swrMs: 10_000, sieMs: 20_000 }
    const flags = { storable: true, reason: null, explicit: true, mustRevalidate: false, noCache: false, open: true, validators: true }
    assert.deepEqual(terms, { ...spans, ...flags, vary: ['accept-encoding', 'foo'] })
  })

  test('is read from all lines of a field, whatever the case of its name', () => {
    assert.equal(judged(['CACHE-CONTROL', 'max-age=60', 'cache-control', 's-maxage=1']).freshMs, 1000)
    assert.deepEqual(judged(['vary', 'A', 'Cache-Control', 'max-age=1', 'VARY', 'b']).vary, ['a', 'b'])
    assert.equal(judged(['Vary', '', 'Cache-Control', 'max-age=1', 'Vary', '*']).reason, 'vary-star')
    const expires = 'Thu, 18 Aug 2050 02:01:18 GMT'
    assert.equal(judged(['Expires', expires, 'Expires', expires]).reason, 'expired')
  })

  test('is not taken for what another has said, whose field holds a line end, as HTTP/2 may bring it', () => {
    for (const more of ['\n9 accept', ' 9 accept', '\n9 6 accept', ' 9 6 accept']) judged(['Cache-Control', `max-age=9${more}`])
    assert.deepEqual(judged(['Cache-Control', 'max-age=9', 'Vary', 'accept']).vary, ['accept'])
  })

  test('may be said to this cache alone', () => {
    assert.equal(judged(['Cache-Control', 'no-store', 'Redwright-Cache-Control', 'max-age=7', 'CDN-Cache-Control', 'max-age=9']).freshMs, 7000)
    assert.equal(judged(['Cache-Control', 'no-store', 'X-Cache-Control', 'max-age=7'], { options: { cacheName: 'x' } }).freshMs, 7000)
    assert.equal(judged(['Cache-Control', 'no-store', 'Redwright-Cache-Control', 'max-age="7"']).reason, 'no-store')
  })

  test('is refused for cookies, unless they are taken out', () => {
    const headers = ['Set-Cookie', 'a=b', 'Cache-Control', 'public, max-age=60']
    assert.equal(judged(headers).reason, 'set-cookie')
    assert.equal(judged(headers, { options: { stripSetCookie: true } }).storable, true)
  })

  test('is refused for credentials, unless it is public or the key tells them apart', () => {
    const requestHeaders = { authorization: 'Basic x' }
    const headers = ['Cache-Control', 'max-age=60']
    assert.equal(judged(headers, { requestHeaders }).reason, 'authorization')
    assert.equal(judged(['Cache-Control', 's-maxage=60'], { requestHeaders }).open, true)
    assert.equal(judged(headers, { requestHeaders, options: { keyedVary: ['authorization'] } }).storable, true)
  })

  test('leaves out of vary what the key holds', () => {
    const headers = ['Cache-Control', 'max-age=60', 'Vary', 'Accept-Language, Foo']
    assert.deepEqual(judged(headers, { options: { keyedVary: ['accept-language'] } }).vary, ['foo'])
  })

  test('goes before the ttl of the route', () => {
    const options = { mode: 'ttl', ttlMs: 1234 }
    assert.equal(judged([], { options }).freshMs, 1234)
    assert.equal(judged(['Cache-Control', 'max-age=1'], { options }).freshMs, 1000)
    assert.equal(judged([], { options, status: 500 }).reason, 'status')
    assert.equal(judged([], { options: { ...options, statuses: [500] }, status: 500 }).freshMs, 1234)
    assert.equal(judged([], { options, method: 'HEAD' }).reason, 'method')
  })
})

describe('a targeted field', () => {
  const SPANS = ['max-age', 's-maxage', 'stale-while-revalidate', 'stale-if-error']

  /** As RFC 9213 has it, by another parser: whether the field counts, so that `Cache-Control` does not. */
  function counts(field: string) {
    try {
      const members = parseDictionary(field)
      return members.size > 0 && SPANS.every((name) => !members.has(name) || Number.isInteger((members.get(name) as any)[0]))
    } catch {
      return false
    }
  }

  test('counts exactly where it is a dictionary of structured fields', () => {
    const piece = fc.constantFrom('max-age', 's-maxage=1', 'a', '*', 'b-c', '=', '1', '-1', '1.5', '?1', '?0', '"x"', '"a, b"', '"\\""', 'tok/en', ':YQ==:', '(', ')', '(a b)', '("x" 1)', ';', ';q', ';q=1', ',', ', ', ' ,', ' ', 'A', '&', '"', '\\', 'é')
    const pieces = fc.array(piece, { maxLength: 8 }).map((parts) => parts.join(''))
    const neat = fc.array(fc.tuple(fc.constantFrom('max-age=', 'a=', 'public=', 'a;b='), fc.constantFrom('1', '"x"', '?1', 'tok', '1.5', '(1 2);a', '-5;q=(', '999999999999999', '9999999999999999')), { minLength: 1, maxLength: 4 }).map((members) => members.map(([name, value]) => name + value).join(', '))
    let counted = 0
    const check = fc.property(fc.oneof(pieces, neat), (field) => {
      const expected = counts(field)
      if (expected) counted++
      assert.equal(judged(['Cache-Control', 'no-store', 'CDN-Cache-Control', field]).reason !== 'no-store', expected, field)
    })
    fc.assert(check, { seed: 1, numRuns: 10_000 })
    assert.ok(counted > 500, `${counted}`)
  })
})

describe('what a request asks for', () => {
  const terms = judged(['Cache-Control', 'max-age=100'])
  const asked = (requestHeaders: Record<string, string>, afterMs: number) => judgeRequest({ requestHeaders, terms, storedAt: NOW, now: NOW + afterMs })

  test('decides whether a stored response may be given', () => {
    assert.equal(asked({ 'cache-control': 'foo' }, 0).verdict, 'fresh')
    assert.equal(asked({ 'cache-control': 'foo' }, 100_000).verdict, 'stale')
    assert.equal(asked({ 'cache-control': 'max-age=1' }, 2000).verdict, 'validate')
    assert.equal(asked({ pragma: 'no-cache' }, 0).verdict, 'validate')
    assert.equal(asked({ 'cache-control': 'foo', pragma: 'no-cache' }, 0).verdict, 'fresh')
    assert.equal(asked({ 'cache-control': 'max-stale' }, 1e9).verdict, 'stale-allowed')
  })

  test('may be that nothing is stored, or nobody else asked', () => {
    assert.deepEqual(asked({ 'cache-control': 'no-store' }, 0), { verdict: 'fresh', onlyIfCached: false, noStore: true })
    assert.deepEqual(asked({ 'cache-control': 'Only-If-Cached' }, 0), { verdict: 'fresh', onlyIfCached: true, noStore: false })
  })

  test('is looked at as of now when clocks went back', () => {
    assert.equal(asked({ 'cache-control': 'max-age=0' }, -1e6).verdict, 'fresh')
  })
})

describe('the header of a stored response', () => {
  test('has nothing of one connection', () => {
    const headers = ['Connection', 'a, Keep-Alive', 'A', '1', 'b', '2', 'Transfer-Encoding', 'chunked', 'Proxy-Authenticate', 'x', 'Set-Cookie', 'c=d']
    const kept = storable(headers, NOTHING_BEFORE)
    assert.deepEqual(kept.slice(0, -1), ['b', '2', 'Date'])
  })

  test('takes the fields of a 304, but for what is of the stored bytes or of one client', () => {
    const stored = ['Content-Type', 'text/plain', 'X', '1', 'X', '2', 'ETag', '"a"', 'Content-Length', '3', 'Content-Encoding', 'br', 'Kept', 'k']
    const fresh = ['x', '3', 'ETag', '"a"', 'Content-Length', '0', 'content-encoding', 'gzip', 'Content-Range', 'x', 'Set-Cookie', 'a=b', 'Connection', 'y', 'y', '1', 'New', 'n']
    assert.deepEqual(mergeHeaders(stored, fresh), ['Content-Type', 'text/plain', 'Content-Length', '3', 'Content-Encoding', 'br', 'Kept', 'k', 'x', '3', 'ETag', '"a"', 'New', 'n'])
  })

  test('counts its age from the 304', () => {
    assert.deepEqual(mergeHeaders(['Date', 'then', 'Age', '60', 'a', 'b'], []), ['a', 'b'])
    assert.deepEqual(mergeHeaders(['Date', 'then', 'Age', '60'], ['Date', 'now', 'Age', '1']), ['Date', 'now', 'Age', '1'])
  })

  test('is freshened by a 304 that speaks of it', () => {
    const stored = ['ETag', '"a"', 'Last-Modified', DATE]
    for (const fresh of [[], ['ETag', '"a"'], ['etag', 'W/"a"'], ['Last-Modified', DATE], ['ETag', '"a"', 'Last-Modified', 'x']]) assert.equal(freshens(stored, fresh), true, `${fresh}`)
    for (const fresh of [['ETag', '"b"'], ['Last-Modified', 'x'], ['ETag', '"b"', 'Last-Modified', DATE]]) assert.equal(freshens(stored, fresh), false, `${fresh}`)
    assert.equal(freshens([], ['ETag', '"a"']), false)
  })
})

describe('hostile fields', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom('max-age=99999999999999999999', 'max-age="', '\0', '\uD800', 'no-store,'.repeat(3000), '"\\",'.repeat(3000), '*', 'Infinity', 'NaN', '1e9', 'toString', '__proto__'),
    fc.array(fc.constantFrom('max-age', '=', '"', '\\', ',', ';', ' ', '1', '-1', 'no-cache', 'public', 's-maxage=', 'é', '\n'), { maxLength: 20 }).map((parts) => parts.join('')),
  )
  const name = fc.oneof(
    fc.constantFrom('Cache-Control', 'CDN-Cache-Control', 'Redwright-Cache-Control', 'Expires', 'Date', 'Age', 'Vary', 'Last-Modified', 'ETag', 'Pragma', 'Content-Encoding', 'Connection', '__proto__', ''),
    fc.string({ unit: 'binary', maxLength: 10 }),
  )
  const headers = fc.array(fc.tuple(name, value), { maxLength: 12 }).map((pairs) => pairs.flat())
  const numbers = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, -1, 2 ** 53, 1e300, Infinity))

  test('never throw, and give terms that can be stored', () => {
    const request = fc.dictionary(fc.constantFrom('cache-control', 'pragma', 'authorization'), value)
    const options = fc.record({ mode: fc.constantFrom('ttl', 'http'), ttlMs: fc.option(numbers, { nil: undefined }), heuristic: fc.boolean(), cacheName: fc.constant('redwright') })
    const check = fc.property(headers, request, options, fc.integer({ min: 0, max: 999 }), numbers, (responseHeaders, requestHeaders, options, status, now) => {
      const terms = judgeResponse({ method: 'GET', status, requestHeaders, responseHeaders, options, now })
      for (const ms of [terms.freshMs, terms.ageMs, terms.swrMs, terms.sieMs]) assert.ok(ms >= 0 && ms <= 2 ** 31 * 1000, `${ms}`)
      assert.equal(terms.storable, terms.reason === null)
      const { verdict } = judgeRequest({ requestHeaders, terms, storedAt: now, now })
      assert.ok(['fresh', 'stale', 'stale-allowed', 'validate'].includes(verdict))
    })
    fc.assert(check, { seed: 1, numRuns: 3000 })
  })

  test('never throw, and leave no field of one connection', () => {
    const check = fc.property(headers, headers, (stored, fresh) => {
      freshens(stored, fresh)
      const merged = mergeHeaders(storable(stored, NOTHING_BEFORE), fresh)
      assert.equal(merged.length % 2, 0)
      for (let i = 0; i < merged.length; i += 2) assert.notEqual(merged[i].toLowerCase(), 'connection')
    })
    fc.assert(check, { seed: 1, numRuns: 1000 })
  })

  test('that forbid are never overruled by what stands around them', () => {
    const around = fc.string({ maxLength: 20 }).filter((text) => !text.includes('"'))
    const check = fc.property(around, around, fc.constantFrom('no-store', 'private', 'NO-STORE', 'Private'), (before, after, word) => {
      assert.equal(judged(['Cache-Control', `${before},${word},${after}`, 'Expires', 'Thu, 18 Aug 2050 02:01:18 GMT']).storable, false)
    })
    fc.assert(check, { seed: 1, numRuns: 1000 })
  })
})
