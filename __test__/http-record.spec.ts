import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'

const require = createRequire(import.meta.url)
const { decode, encode, KIND } = require('../lib/http/record.js')

const META = { k: KIND.RESPONSE, s: 200, h: ['ETag', '"1"', 'Link', '<a>', 'Link', '<b>'], t: 1000, f: [5000, 100, 0, 0, 0] }
const inline = (coding: string, bytes: Buffer) => ({ coding, length: bytes.length, bytes, parts: null })

describe('a record', () => {
  test('gives back what was put into it, in all codings', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (plain, coded) => {
        const stored = decode(encode(META, [inline('', Buffer.from(plain)), inline('br', Buffer.from(coded))]))
        assert.deepEqual(stored.bodies.map((body: any) => [body.coding, [...body.bytes]]), [['', [...plain]], ['br', [...coded]]])
        assert.deepEqual([stored.status, stored.etag, stored.ageAt(3000), stored.bodies[0].length], [200, '"1"', 2100, plain.length])
        assert.deepEqual(stored.fields, [['ETag', '"1"'], ['Link', ['<a>', '<b>']]])
      }), { seed: 1 },
    )
  })

  test('is never older than nothing, whatever the clocks say', () => {
    assert.equal(decode(encode(META, [inline('', Buffer.from('x'))])).ageAt(0), 100)
  })

  test('that is damaged anywhere is none, or another that is whole', () => {
    const whole: Buffer = encode(META, [inline('', Buffer.from('body'))])
    for (let length = 0; length < whole.length; length++) assert.equal(decode(Buffer.from(whole.subarray(0, length))), null)
    assert.equal(decode(Buffer.concat([whole, Buffer.from('x')])), null)
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Buffer.from(whole)
        damaged[at] = byte
        const stored = decode(damaged)
        assert.ok(stored === null || [KIND.RESPONSE, KIND.PASS, KIND.FORK].includes(stored.kind))
      }),
      { seed: 1, numRuns: 2000 },
    )
  })

  for (const [what, changed] of Object.entries<object>({
    'a status that is none': { s: 999 },
    'a status of an interim answer': { s: 101 },
    'fields without a value': { h: ['ETag'] },
    'fields that are no text': { h: ['ETag', 1] },
    'a value that would be two lines': { h: ['ETag', 'a\r\nSet-Cookie: x'] },
    'a name that would be two lines': { h: ['E\r\nX', 'a'] },
    'terms that are no numbers': { f: [1, 2, 3, 4, 'x'] },
    'terms below zero': { f: [-1, 0, 0, 0, 0] },
    'no time': { t: undefined },
    'a reason of two lines': { m: 'OK\r\nX: y' },
    'another kind': { k: 'x' },
  })) {
    test(`with ${what} is none`, () => assert.equal(decode(encode({ ...META, ...changed }, [inline('', Buffer.from('x'))])), null))
  }

  test('that is of something else is none', () => {
    for (const value of [null, undefined, '', 'R', '{}', 1, {}, Buffer.alloc(0), Buffer.from('R\x01\xff\xff\xff\xff', 'latin1'), Buffer.from('{"a":1}')]) assert.equal(decode(value), null)
  })
})
