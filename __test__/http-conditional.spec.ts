import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { root } from './support/root'

const load = createRequire(import.meta.url)
const { notModified } = load(path.join(root, 'lib/http/conditional.js'))

const THEN = 'Sun, 06 Nov 1994 08:49:37 GMT'
const LATER = 'Sun, 06 Nov 1994 08:49:38 GMT'

const ofTag = (list: string, etag: string | undefined) => notModified({ 'if-none-match': list }, etag, undefined)
const ofTime = (since: string, lastModified: string | undefined) => notModified({ 'if-modified-since': since }, undefined, lastModified)

describe('If-None-Match', () => {
  test('is a list in which weakness makes no difference', () => {
    for (const list of ['"a"', 'W/"a"', '"b", "a"', '"b","c" , W/"a"', ', "a"', '"b,", "a"', '"\u00e9", "a" ,']) {
      assert.equal(ofTag(list, '"a"'), true, list)
      assert.equal(ofTag(list, 'W/"a"'), true, list)
    }
  })

  test('matches nothing but the whole tag, in its case', () => {
    for (const list of ['"A"', '"ab"', '"b"', 'a', '"b a"', '', '"', '"b,"a"', '"x"a"', '"b" "a"', 'w/"a"', 'W/ "a"']) assert.equal(ofTag(list, '"a"'), false, list)
    assert.equal(ofTag('"a"', undefined), false)
    assert.equal(ofTag('""', '""'), true)
  })

  test('with a star matches whatever there is', () => {
    assert.equal(ofTag('*', '"a"'), true)
    assert.equal(ofTag(' * ', undefined), true)
    assert.equal(ofTag('"b", *', '"a"'), false)
  })

  test('matches a tag that is none where it is the same text', () => {
    assert.equal(ofTag('abc', 'abc'), true)
    assert.equal(ofTag('"abc"', 'abc'), false)
  })

  test('goes before If-Modified-Since', () => {
    assert.equal(notModified({ 'if-none-match': '"b"', 'if-modified-since': LATER }, '"a"', THEN), false)
    assert.equal(notModified({ 'if-none-match': '"a"', 'if-modified-since': THEN }, '"a"', LATER), true)
  })
})

describe('If-Modified-Since', () => {
  test('is met by what was changed then or before', () => {
    assert.equal(ofTime(THEN, THEN), true)
    assert.equal(ofTime(LATER, THEN), true)
    assert.equal(ofTime('Sunday, 06-Nov-94 08:49:37 GMT', THEN), true)
    assert.equal(ofTime('Sun Nov  6 08:49:37 1994', THEN), true)
    assert.equal(ofTime(THEN, LATER), false)
  })

  test('counts for nothing where a date is none', () => {
    for (const text of ['', '0', 'now', 'Sun, 06 Nov 1994 08:49:37 UTC', '1994-11-06', '99999999999', '\0']) {
      assert.equal(ofTime(text, THEN), false, text)
      assert.equal(ofTime(THEN, text), false, text)
      assert.equal(ofTime(text, text), false, text)
    }
    assert.equal(ofTime(THEN, undefined), false)
  })
})

test('a request without conditions gets the whole', () => {
  assert.equal(notModified({}, '"a"', THEN), false)
  assert.equal(notModified({ 'if-match': '"a"', 'if-unmodified-since': THEN }, '"a"', THEN), false)
})

test('hostile conditions never throw, and match only what is in them', () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.array(fc.constantFrom('"', 'W/', 'a', ',', ' ', '*', '\\'), { maxLength: 30 }).map((parts) => parts.join('')))
  const check = fc.property(text, fc.option(text, { nil: undefined }), text, (list, etag, date) => {
    const matches = ofTag(list, etag)
    if (matches && list.trim() !== '*') assert.ok(etag !== undefined && list.includes(etag.replace(/^W\//, '')))
    ofTime(date, list)
  })
  fc.assert(check, { seed: 1, numRuns: 5000 })
})

test('a long list is read in one pass', () => {
  for (const piece of ['"', '",', ' ,', 'W/', '"a",', ',"a" ']) {
    const begun = Date.now()
    ofTag(piece.repeat(1_000_000), '"b"')
    assert.ok(Date.now() - begun < 20_000, piece)
  }
})
