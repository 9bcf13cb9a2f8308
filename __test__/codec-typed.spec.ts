import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, test } from 'node:test'
import vm from 'node:vm'
import * as fc from 'fast-check'
import { root } from './support/root'
import { assertSame, key, typedValue } from './support/typed-values'

const load = createRequire(import.meta.url)
const { encode, decode } = load(path.join(root, 'lib/codecs/typed.js')) as { encode(value: unknown, name?: string): string; decode(text: string): any }
const back = (value: unknown) => decode(encode(value))

describe('typed text', () => {
  test('gives back every value as it was, types included', () => {
    fc.assert(fc.property(typedValue, (value) => assertSame(back(value), value)), { seed: 1, numRuns: 3000 })
  })

  test('is the text of JSON where JSON holds the value', () => {
    const plain = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('"$') && !JSON.stringify(value, (_key, inner) => (Object.is(inner, -0) ? '"$' : inner)).includes('"$'))
    fc.assert(fc.property(plain, (value) => assert.equal(encode(value), JSON.stringify(value))), { seed: 1, numRuns: 1000 })
  })

  test('tells apart what differs', () => {
    fc.assert(
      fc.property(typedValue, typedValue, (one, other) => {
        if (encode(one) === encode(other)) assertSame(one, other)
      }),
      { seed: 1, numRuns: 1000 },
    )
  })

  test('is the same after a second round', () => {
    fc.assert(fc.property(typedValue, (value) => assert.equal(encode(back(value)), encode(value))), { seed: 1, numRuns: 500 })
  })

  test('does not change the value', () => {
    const value = { at: new Date(0), list: [undefined, { $: 1 }], map: new Map([[NaN, new Set([1n])]]) }
    const copy = structuredClone(value)
    encode(value)
    assert.deepStrictEqual(value, copy)
  })

  test('is readable', () => {
    const value = { at: new Date(0), never: undefined, tags: new Set(['a']), 7: 7n, $: 1 }
    assert.equal(encode(value), '{"7":{"$":["BigInt","7"]},"at":{"$":["Date",0]},"never":{"$":"undefined"},"tags":{"$":["Set",["a"]]},"$$":1}')
  })
})

describe('what has a form of its own', () => {
  test('is asked for it as JSON asks, once, with its key', () => {
    const keys: unknown[] = []
    class Money {
      constructor(readonly cents: number) {}
      toJSON(key: string) {
        keys.push(key)
        return { cents: this.cents, toJSON: () => 'asked again' }
      }
    }
    const value = { price: new Money(5), list: [new Money(7)] }
    assert.equal(encode(value), '{"price":{"cents":5},"list":[{"cents":7}]}')
    assert.deepEqual(keys, ['price', '0'])
    assert.equal(encode(new Money(1)), '{"cents":1}')
    assert.equal(keys.pop(), '')
  })

  test('may answer with a type that JSON loses', () => {
    assertSame(back({ toJSON: () => new Map([[1, new Date(5)]]) }), new Map([[1, new Date(5)]]))
  })

  test('of an own class is its properties, as in JSON; functions and symbols are left out', () => {
    class Point {
      x = 1
      #hidden = 2
      y = undefined
      norm() {
        return this.#hidden
      }
    }
    assertSame(back(new Point()), { x: 1, y: undefined })
    assertSame(back({ at: new Date(1), f() {}, [Symbol('s')]: 1, s: Symbol('t') }), { at: new Date(1) })
    assertSame(back([new Date(1), () => 1]), [new Date(1), null])
    assertSame(back([new Number(1), new String('a'), Object(1n), new Boolean(false)]), [1, 'a', 1n, false])
  })

  test('of an own class of errors is an error with its name; the stack is not stored', () => {
    class NoSuchUser extends TypeError {
      override name = 'NoSuchUser'
      secret = 'not stored'
    }
    const error = back(new NoSuchUser('who?', { cause: new RangeError('deep', { cause: undefined }) }))
    assert.ok(error instanceof Error && !(error instanceof TypeError))
    assert.equal(String(error), 'NoSuchUser: who?')
    assert.equal(error.stack, 'NoSuchUser: who?')
    assert.deepEqual(Object.keys(error), [])
    assert.ok(error.cause instanceof RangeError && 'cause' in error.cause)
    assert.ok(!encode(new NoSuchUser('who?')).includes('not stored'))
  })

  test('of another realm is known by its kind', () => {
    const foreign = vm.runInNewContext('({ d: new Date(5), m: new Map([[1, /a/g]]), s: new Set([1]), b: new Uint8Array([1]), e: new RangeError("x"), l: [1n] })')
    assertSame(back(foreign), { d: new Date(5), m: new Map([[1, /a/g]]), s: new Set([1]), b: new Uint8Array([1]), e: new RangeError('x'), l: [1n] })
  })

  test('of bytes is only what the view shows', () => {
    const whole = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8])
    assertSame(back([whole.subarray(2, 4), new Uint16Array(whole.buffer, 4, 1), new DataView(whole.buffer, 1, 2)]), [
      Uint8Array.from([3, 4]),
      new Uint16Array(whole.buffer.slice(4, 6)),
      new DataView(whole.buffer.slice(1, 3)),
    ])
  })
})

describe('what cannot be stored', () => {
  const refused = (value: unknown, name: string, message: RegExp) => assert.throws(() => encode(value), { name, message, code: 'ERR_INVALID_ARG' })

  test('is refused: cycles, what is too deep, functions', () => {
    const cyclic: any = { a: [new Map()] }
    cyclic.a[0].set(cyclic, 1)
    refused(cyclic, 'TypeError', /^value cannot be stored: it is cyclic$/)
    let deep: unknown = 1
    for (let i = 0; i < 1001; i++) deep = [deep]
    refused(deep, 'RangeError', /^value cannot be stored: it is nested deeper than 1000 levels$/)
    refused(() => 1, 'TypeError', /^value cannot be stored, got a function$/)
    refused(Symbol('secret'), 'TypeError', /^value cannot be stored, got a symbol$/)
    refused({ toJSON: () => ({ get a() { throw new Error('secret') } }) }, 'TypeError', /^value cannot be stored: a toJSON or a getter of it throws$/)
  })

  test('is not what is as deep as allowed, whatever is at the bottom', () => {
    for (const bottom of [undefined, -0, 1n]) {
      let deep: unknown = bottom
      for (let i = 0; i < 500; i++) deep = new Map([[[], { inner: deep }]])
      assertSame(encode(back(deep)), encode(deep))
    }
  })

  test('is not what is shared: it is stored twice', () => {
    const shared = { at: new Date(0) }
    const { a, b } = back({ a: shared, b: [shared] })
    assertSame(a, shared)
    assertSame(b, [shared])
    assert.notEqual(a, b[0])
  })
})

describe('text of anybody', () => {
  /** Never anything but a value or the one error. */
  const read = (text: string) => {
    try {
      return { value: decode(text) }
    } catch (error: any) {
      assert.equal(error.constructor, SyntaxError)
      assert.equal(error.message, 'not typed text')
      return null
    }
  }

  test('that was changed is a value or one error, and pollutes nothing', () => {
    const splice = fc.tuple(fc.nat(200), fc.nat(4), fc.oneof(fc.constantFrom('', '"', '$', '[', ']', '{', '}', ',', ':', '0', '-', 'null', '{"$":', '{"$":"hole"}', '"Map"', '"__proto__"', '"Error"', '="'), fc.string({ maxLength: 3 })))
    const changed = fc.tuple(typedValue.map((value) => encode(value)), fc.array(splice, { minLength: 1, maxLength: 3 })).map(([text, splices]) =>
      splices.reduce((text, [at, cut, put]) => {
        const start = at % (text.length + 1)
        return text.slice(0, start) + put + text.slice(start + cut)
      }, text),
    )
    fc.assert(fc.property(changed, (text) => void read(text)), { seed: 1, numRuns: 5000 })
    assert.deepEqual(Object.keys(Object.prototype), [])
    assert.equal(({} as any).polluted, undefined)
  })

  test('that is made of marks is a value or one error', () => {
    const tags = ['Date', 'BigInt', 'RegExp', 'URL', 'Map', 'Set', 'Error', 'Buffer', 'Int32Array', 'DataView', 'ArrayBuffer', 'Function', 'constructor', '__proto__', 'hole', '-0']
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<unknown>(null, 1, -1e300, 'a', '12', '-0x1f', 'AAAA', 'A===', '(', 'gg', ...tags),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 3, noNullPrototype: true }),
        fc.record({ name: tie('tree'), message: tie('tree'), cause: tie('tree'), errors: tie('tree') }, { requiredKeys: [] }),
        tie('tree').map((content) => ({ $: content })),
        fc.tuple(fc.constantFrom(...tags), fc.array(tie('tree'), { maxLength: 3 })).map(([tag, rest]) => ({ $: [tag, ...rest] })),
      ),
    }))
    fc.assert(fc.property(tree, (tree) => void read(JSON.stringify(tree))), { seed: 1, numRuns: 5000 })
  })

  test('that is no mark of ours is refused', () => {
    const texts = ['{"$":1}', '{"$":"nan"}', '{"$":"NaN","a":1}', '{"$":["Date"]}', '{"$":["Date","0"]}', '{"$":["Date",0,0]}', '{"$":["Eval","1"]}', '{"$":["BigInt","1e3"]}']
    texts.push('{"$":["RegExp","(",""]}', '{"$":["URL","/a"]}', '{"$":["Map",[[1]]]}', '{"$":["Set",{}]}', '{"$":["Error",{}]}', '{"$":["Error",null]}', '{"$":["Int16Array","AA=="]}')
    texts.push('{"$":["Buffer","A!=="]}', '{"$":["Buffer","A"]}', '{"$":"hole"}', '{"a":{"$":"hole"}}', '{"$":["Set",[{"$":"hole"}]]}', '{"$":null}', '')
    for (const text of texts) assert.equal(read(text), null, text)
  })

  test('of any depth or length comes to its end', () => {
    for (const text of ['['.repeat(200_000), `${'{"$":["Set",['.repeat(20_000)}${']]}'.repeat(20_000)}`, `{"$":["RegExp","${'('.repeat(200_000)}",""]}`]) assert.equal(read(text), null)
    // By the limit, and not by the stack of whoever reads.
    assert.equal(read(`${'['.repeat(1500)}"$$"${']'.repeat(1500)}`), null)
    assert.equal(read(`{"$":["BigInt","${'9'.repeat(1_000_000)}"]}`), null, 'base 10 is for short ones')
    assert.equal(back(2n ** 1_000_000n), 2n ** 1_000_000n)
    const dollars = '$'.repeat(1_000_000)
    assert.deepEqual(back({ [dollars]: 1 }), { [dollars]: 1 })
  })

  test('may hold keys called __proto__: own properties, and no prototype', () => {
    const value = back(JSON.parse('{"__proto__":{"polluted":1},"at":[{"__proto__":null}],"$":0}'))
    assert.equal(Object.getPrototypeOf(value), Object.prototype)
    assert.deepEqual(Object.keys(value), ['__proto__', 'at', '$'])
    assert.equal(value.polluted, undefined)
    assert.deepEqual(decode('{"__proto__":{"$":["Date",0]}}'), JSON.parse('{"__proto__":0}', (key, inner) => (key === '__proto__' ? new Date(0) : inner)))
  })
})
