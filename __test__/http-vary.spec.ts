import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import { root } from './support/root'

const load = createRequire(import.meta.url)
const { varyKey, chooseEncoding } = load(path.join(root, 'lib/http/vary.js'))

const encodings = (field: string) => varyKey(['accept-encoding'], { 'accept-encoding': field })
const languages = (field: string) => varyKey(['accept-language'], { 'accept-language': field })
const other = (field: string) => varyKey(['foo'], { foo: field })

function assertSame(key: (field: string) => string, fields: string[]) {
  for (const field of fields) assert.equal(key(field), key(fields[0]), field)
}

function assertDifferent(key: (field: string) => string, fields: string[]) {
  assert.equal(new Set(fields.map(key)).size, fields.length, `${fields.map(key)}`)
}

describe('requests that mean the same', () => {
  test('accept the same codings, in whatever words', () => {
    assertSame(encodings, ['gzip, deflate, br', 'br,gzip , deflate', 'GZIP;q=0.5, Br;q=1.0, deflate; q=0.001', 'gzip, deflate, br, dcb, compress', 'x-gzip, deflate, br', ',gzip,,deflate,br,', 'br, gzip, deflate, zstd;q=0'])
    assertSame(encodings, ['*', 'gzip, br, deflate, zstd', 'gzip, *;q=0.1'])
    assertSame(encodings, ['', 'identity', 'identity;q=0.5', 'gzip;q=0', ' '])
  })

  test('like the same languages best', () => {
    assertSame(languages, ['en, de', 'eN ,   De', 'en;q=1, de;q=1.000', 'en;Q=1.0,de'])
    assertSame(languages, ['de, en;q=0.5', 'en;q=0.5, de', 'en;q=0.50,de', ' en;q=0.500 , de '])
  })

  test('differ in blanks around commas', () => {
    assertSame(other, ['1, 2', '1,2', ' 1 ,  2 ', '1\t,2'])
  })
})

describe('requests that mean something else', () => {
  test('accept other codings', () => {
    assertDifferent(encodings, ['gzip', 'br', 'gzip, br', 'gzip, br, zstd', '*', '', 'gzip, identity;q=0', '*;q=0', 'gzip;q=2', 'gzip;q=a'])
  })

  test('like other languages, or others best', () => {
    assertDifferent(languages, ['en, de', 'de, en', 'en', 'en, de;q=0.5', 'en, de;q=0', 'en-US, de', 'en de', 'en;q=0.5;x=1'])
  })

  test('have another value, or none', () => {
    assertDifferent(other, ['a', 'A', 'a b', '', '"a, b"', '"a,b"', 'a,b', 'b,a'])
    assert.notEqual(varyKey(['foo'], {}), varyKey(['foo'], { foo: '' }))
  })

  test('have the same value in another field', () => {
    const headers = { a: '1', b: '1', 'a:1': '1' }
    assertDifferent((names: string) => varyKey(names.split(' '), headers), ['a', 'b', 'a b', 'c', 'a c', 'a:1'])
    assert.notEqual(varyKey(['a', 'b'], { a: '1', b: '2' }), varyKey(['a', 'b'], { a: '2', b: '1' }))
  })

  test('differ behind the place where keys are cut', () => {
    const long = 'x'.repeat(10_000)
    assertDifferent(other, [long, `${long}y`])
    for (const key of [encodings, languages, other]) assert.ok(key(long).length < 256)
  })
})

test('a field that is named like what all objects have is not there', () => {
  assert.equal(varyKey(['__proto__', 'constructor', 'tostring'], {}), '__proto__\nconstructor\ntostring\n')
})

test('any field gives a key that is short, and the same each time', () => {
  const field = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.array(fc.constantFrom('gzip', 'br', ';q=', '0.5', ',', ' ', '*', '"', '\\', 'é'), { maxLength: 60 }).map((parts) => parts.join('')))
  const name = fc.constantFrom('accept-encoding', 'accept-language', 'foo')
  const check = fc.property(fc.uniqueArray(name), field, field, (names, one, two) => {
    const headers = { 'accept-encoding': one, 'accept-language': two, foo: one }
    const key = varyKey(names, headers)
    assert.ok(key.length <= 256)
    assert.equal(varyKey(names, headers), key)
  })
  fc.assert(check, { seed: 1, numRuns: 3000 })
})

test('many different fields do not fill the memory', () => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc')
  gc()
  const before = process.memoryUsage().heapUsed
  // Some 400 bytes for each, were all remembered.
  for (let i = 0; i < 200_000; i++) encodings(`y${i}, ${'z'.repeat(150)}`)
  gc()
  assert.ok(process.memoryUsage().heapUsed - before < 20 * 1024 * 1024)
})

describe('the coding of a body', () => {
  const available = ['br', 'gzip']

  test('is what the client likes best, and of equals what the server does', () => {
    assert.equal(chooseEncoding('gzip, br', available), 'br')
    assert.equal(chooseEncoding('gzip, br;q=0.9', available), 'gzip')
    assert.equal(chooseEncoding('GZIP', available), 'gzip')
    assert.equal(chooseEncoding('x-gzip', available), 'gzip')
    assert.equal(chooseEncoding('*', available), 'br')
    assert.equal(chooseEncoding('*, br;q=0', available), 'gzip')
    assert.equal(chooseEncoding('gzip;q=0.5, *;q=0.8', available), 'br')
  })

  test('is none where the client wants none, or says nothing', () => {
    for (const field of [undefined, '', 'deflate', 'br;q=0, gzip;q=0', 'identity, br;q=0.5', 'br;q=2', '\0', 'br gzip', '*;q=0.5, identity']) assert.equal(chooseEncoding(field, available), 'identity', field)
    assert.equal(chooseEncoding('br', []), 'identity')
  })

  test('does not exist where all are refused', () => {
    for (const field of ['identity;q=0', '*;q=0', 'deflate, *;q=0', 'br;q=0, gzip;q=0.0, identity;q=0.000']) assert.equal(chooseEncoding(field, available), null, field)
  })
})
