import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import * as fc from 'fast-check'

const { decode, encode } = createRequire(import.meta.url)('../lib/next/record.js')

const back = (value: unknown) => decode(encode({}, value)).value

test('what Next.js stores comes back as it was', () => {
  const values = {
    'a page': { kind: 'APP_PAGE', html: 'ä'.repeat(1000), rscData: Buffer.from([0, 255]), segmentData: new Map([['/_tree', Buffer.from('x')], ['', Buffer.alloc(0)]]), postponed: null },
    'nothing': null,
    'numbers that JSON has not': { expire: Infinity, revalidate: -Infinity, stale: NaN, zero: -0 },
    'names that mean something': { '\0': 'bytes', at: 0, deep: { '\0': 'text' }, ['__proto__']: 1, constructor: 'c', toString: null },
    'lists': [[], [null], [Buffer.from('a'), 'b'.repeat(300)]],
  }
  for (const [what, value] of Object.entries(values)) assert.deepEqual(back(value), value, what)
  assert.deepEqual(Object.keys(back(JSON.parse('{"__proto__":{"a":1}}'))), ['__proto__'])
})

test('anything of JSON, bytes and maps comes back as it was', () => {
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: 'binary', maxLength: 600 }),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('\0', 'at', 'of', '__proto__', 'constructor')), tie('tree'), { maxKeys: 4, noNullPrototype: true }),
      fc.array(fc.tuple(fc.string(), tie('tree')), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    ),
  }))
  // Lone surrogates are no text.
  const isText = (value: unknown) => !/[\ud800-\udfff]/.test(JSON.stringify(value instanceof Map ? [...value] : value) ?? '') && !/\\ud[89a-f]/i.test(JSON.stringify(value) ?? '')
  fc.assert(fc.property(tree.filter(isText), (value) => assert.deepEqual(back(value), value)), { seed: 1, numRuns: 500 })
})

test('what is cut off, changed or of others is nothing, and never throws', () => {
  const whole: Buffer = encode({ at: 1 }, { kind: 'APP_ROUTE', body: Buffer.from('body'), headers: { a: 'b'.repeat(400) }, map: new Map([['k', 1]]) })
  for (let length = 0; length < whole.length; length++) assert.equal(decode(Buffer.from(whole.subarray(0, length))), null)
  for (const other of ['', '{}', 'null', '\x4e\x02{}', '\x4e\x01\xff\xff\xff\xff']) assert.equal(decode(Buffer.from(other, 'latin1')), null)
  for (const value of [undefined, null, 'text', 1, {}, new Uint8Array(9)]) assert.equal(decode(value), null)
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
      const changed = Buffer.from(whole)
      changed[at] = byte
      decode(changed)
    }),
    { seed: 1, numRuns: 2000 },
  )
})

test('a value that holds itself is refused', () => {
  const value: any = {}
  value.self = value
  value.list = [[[value]]]
  assert.throws(() => encode({}, value), TypeError)
})
