import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { root } from './support/root'

const load = createRequire(import.meta.url)
const { rangeOf } = load(path.join(root, 'lib/http/range.js'))

const THEN = 'Sun, 06 Nov 1994 08:49:37 GMT'
const LATER = 'Sun, 06 Nov 1994 08:49:38 GMT'

const of = (range: string, length = 10) => rangeOf({ range }, length, {})

describe('Range', () => {
  test('is from a byte to a byte, to the end, or the last so many', () => {
    assert.deepEqual(of('bytes=0-1'), [{ start: 0, end: 1 }])
    assert.deepEqual(of('bytes=9-9'), [{ start: 9, end: 9 }])
    assert.deepEqual(of('bytes=5-'), [{ start: 5, end: 9 }])
    assert.deepEqual(of('bytes=-3'), [{ start: 7, end: 9 }])
    assert.deepEqual(of('Bytes= 0-1 '), [{ start: 0, end: 1 }])
  })

  test('ends with the body', () => {
    assert.deepEqual(of('bytes=5-10'), [{ start: 5, end: 9 }])
    assert.deepEqual(of('bytes=0-99999999999999999999999'), [{ start: 0, end: 9 }])
    assert.deepEqual(of('bytes=-11'), [{ start: 0, end: 9 }])
  })

  test('cannot be met behind the body', () => {
    for (const range of ['bytes=10-', 'bytes=10-20', 'bytes=99999999999999999999999-', 'bytes=-0']) assert.equal(of(range), 'unsatisfiable', range)
  })

  test('means nothing where it is none, or several', () => {
    for (const range of ['', 'bytes', 'bytes=', 'bytes=-', 'bytes=2-1', 'bytes=a-b', 'bytes=1', 'bytes=0-1,3-4', 'bytes=0x1-2', 'bytes=+1-2', 'bytes=1-2-3', 'bytes =0-1', 'lines=0-1', '0-1', 'bytes=１-２', 'bytes=1.0-2']) {
      assert.equal(of(range), null, range)
    }
    assert.equal(of('bytes=0-0', 0), null)
    assert.equal(rangeOf({}, 10, {}), null)
  })
})

describe('If-Range', () => {
  const part = [{ start: 0, end: 1 }]
  const when = (condition: string, validators: object) => rangeOf({ range: 'bytes=0-1', 'if-range': condition }, 10, validators)

  test('wants the same strong tag', () => {
    assert.deepEqual(when('"a"', { etag: '"a"' }), part)
    for (const [condition, etag] of [['"a"', '"b"'], ['"a"', 'W/"a"'], ['W/"a"', 'W/"a"'], ['a', 'a'], ['"a"', undefined], ['*', '"a"'], ['"a", "b"', '"a"'], ['', '']]) {
      assert.equal(when(condition as string, { etag }), null, condition)
    }
  })

  test('wants the same date, and that one to be certain', () => {
    assert.deepEqual(when(THEN, { lastModified: THEN }), part)
    assert.deepEqual(when(THEN, { lastModified: THEN, date: LATER }), part)
    assert.equal(when(THEN, { lastModified: THEN, date: THEN }), null)
    assert.equal(when(THEN, { lastModified: THEN, date: 'x' }), null)
    assert.equal(when(LATER, { lastModified: THEN }), null)
    assert.equal(when(THEN, {}), null)
    assert.equal(when('now', { lastModified: 'now' }), null)
  })

  test('goes before a range that cannot be met', () => {
    assert.equal(rangeOf({ range: 'bytes=10-', 'if-range': '"b"' }, 10, { etag: '"a"' }), null)
  })
})

test('hostile ranges never throw, and never lie outside of the body', () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.array(fc.constantFrom('bytes=', '-', '0', '9', '99999999', ',', ' ', 'e9'), { maxLength: 12 }).map((parts) => parts.join('')))
  const check = fc.property(text, fc.option(text, { nil: undefined }), fc.nat({ max: 1e9 }), (range, condition, length) => {
    const parts = rangeOf({ range, 'if-range': condition }, length, { etag: '"a"', lastModified: THEN })
    if (parts === null || parts === 'unsatisfiable') return
    assert.equal(parts.length, 1)
    const [{ start, end }] = parts
    assert.ok(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end < length, `${range}: ${start} ${end}`)
  })
  fc.assert(check, { seed: 1, numRuns: 5000 })
})
