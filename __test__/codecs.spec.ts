import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import path from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { Codec } from '../index.js'
import { root } from './support/root'

const load = createRequire(import.meta.url)
const { codecOf, decoderOf } = load(path.join(root, 'lib/codecs/index.js'))
const invalid = (name: string, message: RegExp) => ({ name, message, code: 'ERR_INVALID_ARG' })

describe('the option codec', () => {
  test('names one that is built in; without it, JSON', () => {
    assert.deepEqual([codecOf(undefined).id, codecOf('json').id, codecOf('typed').id], [3, 3, 4])
    assert.equal(codecOf('json').encode({ a: 1 }), '{"a":1}')
    assert.equal(codecOf('typed').encode(1n), '{"$":["BigInt","1"]}')
  })

  test('is refused where it is anything else', () => {
    for (const name of ['Json', 'msgpack', '__proto__', 'toString', '']) {
      assert.throws(() => codecOf(name), invalid('TypeError', /^options\.codec must be 'json', 'typed' or an object, got another string$/))
    }
    for (const value of [null, 3, () => 1]) assert.throws(() => codecOf(value), invalid('TypeError', /^options\.codec must be 'json', 'typed' or an object, got/))
    const encode = () => ''
    for (const id of [0, 4, 63, 96, 64.5]) assert.throws(() => codecOf({ id, encode, decode: encode }), invalid('RangeError', /^options\.codec\.id must be an integer from 64 to 95/))
    assert.throws(() => codecOf({ encode, decode: encode }), invalid('TypeError', /^options\.codec\.id must be a number/))
    assert.throws(() => codecOf({ id: 64, decode: encode }), invalid('TypeError', /^options\.codec\.encode must be a function/))
    assert.throws(() => codecOf({ id: 64, encode }), invalid('TypeError', /^options\.codec\.decode must be a function/))
  })
})

describe('what is stored under an id', () => {
  test('is read by its own codec, whatever the cache writes; of an unknown one by none', () => {
    const own = codecOf({ id: 70, encode: String, decode: Number })
    for (const codec of [codecOf('json'), codecOf('typed'), own]) {
      assert.deepEqual(decoderOf(3, codec)('[1]'), [1])
      assert.equal(decoderOf(4, codec)('{"$":["BigInt","1"]}'), 1n)
      assert.equal(decoderOf(4, codec)(Buffer.from('{"$":["BigInt","1"]}')), 1n)
    }
    assert.equal(decoderOf(70, own)(own.encode(5)), 5)
    for (const id of [0, 5, 63, 64, 71, 96, 255]) assert.equal(decoderOf(id, own), null)
    assert.equal(decoderOf(70, codecOf('json')), null)
    assert.equal(decoderOf(70), null)
  })

  test('needs no id where it is JSON and means the same to everybody', () => {
    const [json, typed, own] = [codecOf('json'), codecOf('typed'), codecOf({ id: 64, encode: JSON.stringify, decode: JSON.parse })]
    for (const [codec, value, plain] of [[json, { $: 1 }, true], [typed, { a: ['$', 1] }, false], [typed, { a: [1], b$: '$5' }, true], [typed, { $: 1 }, false], [typed, 1n, false], [own, 1, false]]) {
      const encoded = codec.encode(value)
      assert.equal(codec.isJson(encoded), plain)
      if (plain) assert.deepEqual(JSON.parse(encoded), value)
    }
    // Careful rather than exact: a string of a dollar costs a header.
    assert.equal(decoderOf(4)(typed.encode(['$']))[0], '$')
  })

  test('as bytes keeps its class', () => {
    for (const payload of [Buffer.from('abc'), new Uint8Array([97, 98, 99]), 'abc']) {
      assert.deepStrictEqual(decoderOf(1)(payload), new Uint8Array([97, 98, 99]))
      assert.deepStrictEqual(decoderOf(2)(payload), Buffer.from('abc'))
    }
  })

  test('as JSON that is none says nothing of what it holds', () => {
    assert.throws(() => decoderOf(3)('secret'), { name: 'SyntaxError', message: 'not JSON' })
  })
})

describe('a codec of a user', () => {
  const identity: Codec = { id: 64, encode: (value) => value, decode: (payload) => payload }

  test('gets back what it gave, text as text and bytes as bytes, on whatever way they came', () => {
    const { encode, decode } = codecOf(identity)
    const text = fc.string({ unit: 'binary' }).filter((text) => (text as any).isWellFormed())
    fc.assert(
      fc.property(fc.oneof(text, fc.uint8Array()), (payload) => {
        const stored = encode(payload)
        const asText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
        const ways = [stored, new Uint8Array(stored)]
        try {
          ways.push(asText.decode(stored) as any)
        } catch {
          // Bytes that are no text come as bytes only.
        }
        for (const way of ways) assert.deepStrictEqual(decode(way), typeof payload === 'string' ? payload : Buffer.from(payload))
      }),
      { seed: 1, numRuns: 1000 },
    )
  })

  test('may be any', () => {
    const { encode, decode } = codecOf({ id: 95, encode: serialize, decode: deserialize })
    const value = { at: new Date(0), self: new Map([[1, 2n]]) }
    assert.deepStrictEqual(decode(encode(value)), value)
  })

  test('keeps its this', () => {
    class Shift {
      id = 80
      #by = 1
      encode = (value: number) => String(value + this.#by)
      decode(payload: string) {
        return Number(payload) - this.#by
      }
    }
    const { encode, decode } = codecOf(new Shift())
    assert.equal(decode(encode(41)), 41)
  })

  test('that throws or gives something else is a TypeError with what it threw as its cause', () => {
    const cause = new Error('secret')
    const throwing = codecOf({ ...identity, encode: () => { throw cause } })
    assert.throws(() => throwing.encode(1, 'entries[0][1]'), { ...invalid('TypeError', /^entries\[0\]\[1\] cannot be stored: encode of options\.codec threw$/), cause })
    for (const payload of [1, null, undefined, [1], Promise.resolve('')]) {
      assert.throws(() => codecOf(identity).encode(payload), invalid('TypeError', /^encode of options\.codec must give a string or a Uint8Array, got/))
    }
  })

  test('is not asked to read what has no kind', () => {
    for (const stored of ['', 'abc', Buffer.from([2, 1]), new Uint8Array()]) assert.throws(() => codecOf(identity).decode(stored), RangeError)
  })
})
