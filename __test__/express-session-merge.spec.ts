import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import merging from '../lib/express/session-merge.js'

const { merge, settleBy } = merging
type Data = Record<string, unknown>
const copy = (data: Data): Data => JSON.parse(JSON.stringify(data))
const [mine, theirs, delta] = ['mine', 'theirs', 'delta'].map((rule) => settleBy(rule, 'options.merge'))

/** Few keys and values, so that what is changed by both is no rarity. */
const key = fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'toString')
const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom('x', true, null), fc.dictionary(key, fc.integer()), fc.array(fc.boolean()))
const session = fc.array(fc.tuple(key, value), { maxLength: 6 }).map((entries) => copy(Object.fromEntries(entries)))
const rule = fc.constantFrom(mine!, theirs!, delta!)
const numbers = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: -1000, max: 1000 }))

const holds = (property: fc.IProperty<any>) => fc.assert(property, { seed: 1, numRuns: 1000 })
const changedOf = (base: Data, other: Data): string[] => {
  const text = (data: Data, key: string) => (Object.hasOwn(data, key) ? JSON.stringify(data[key]) : 'none')
  return [...new Set([...Object.keys(base), ...Object.keys(other)])].filter((key) => text(base, key) !== text(other, key))
}
const same = (one: Data, other: Data) => assert.deepEqual(new Map(Object.entries(one)), new Map(Object.entries(other)))

describe('a three-way merge', () => {
  test('takes what one alone has changed', () => {
    holds(fc.property(session, session, rule, (base, other, rule) => {
      same(merge(base, other, copy(base), rule), other)
      same(merge(base, copy(base), other, rule), other)
    }))
  })

  test('takes what both have changed alike, but counts', () => {
    holds(fc.property(session, session, fc.constantFrom(mine!, theirs!), (base, other, rule) => same(merge(base, other, copy(other), rule), other)))
  })

  test('keeps all changes where no key was changed by both', () => {
    holds(fc.property(session, session, session, rule, (base, left, right, rule) => {
      const [byMe, byThem] = [changedOf(base, left), changedOf(base, right)]
      if (byMe.some((key) => byThem.includes(key))) return
      const merged = merge(base, left, right, rule)
      const read = (data: Data, key: string) => (Object.hasOwn(data, key) ? data[key] : undefined)
      for (const key of byMe) assert.deepEqual(read(merged, key), read(left, key))
      for (const key of byThem) assert.deepEqual(read(merged, key), read(right, key))
    }))
  })

  test("settles for mine or for theirs as it is told, and 'mine' is 'theirs' seen from the other side", () => {
    holds(fc.property(session, session, session, (base, left, right) => {
      const merged = merge(base, left, right, mine!)
      same(merged, merge(base, right, left, theirs!))
      for (const key of changedOf(base, left)) assert.deepEqual(Object.hasOwn(merged, key), Object.hasOwn(left, key))
    }))
  })

  test('invents nothing: each value is one of the three, or a sum', () => {
    holds(fc.property(session, session, session, rule, (base, left, right, rule) => {
      for (const [key, value] of Object.entries(merge(base, left, right, rule))) {
        const known = [left, right].filter((data) => Object.hasOwn(data, key)).map((data) => JSON.stringify(data[key]))
        assert.ok(rule === delta ? typeof value === 'number' || known.includes(JSON.stringify(value)) : known.includes(JSON.stringify(value)))
      }
    }))
  })

  test("'delta' adds up, in whatever order many have written", () => {
    holds(fc.property(numbers, fc.array(numbers, { minLength: 2, maxLength: 6 }), (base, steps) => {
      const add = (data: Data, step: Data) => ({ ...data, ...Object.fromEntries(Object.entries(step).map(([key, n]) => [key, Number(data[key] ?? 0) + Number(n)])) })
      const all = steps.reduce<Data>((stored, step) => merge(base, add(base, step), stored, delta!), base)
      const expected = steps.reduce<Data>(add, base)
      // A step of 0 upon a key that was not there writes it, which no sum tells.
      for (const [key, sum] of Object.entries(expected)) assert.equal(all[key] ?? 0, sum)
    }))
  })

  test('leaves no trace on what it was given', () => {
    holds(fc.property(session, session, session, rule, (base, left, right, rule) => {
      const before = JSON.stringify([base, left, right])
      merge(base, left, right, rule)
      assert.equal(JSON.stringify([base, left, right]), before)
      assert.equal(({} as Data).polluted, undefined)
    }))
  })

  test('asks a function where both have changed a key differently, and only there', () => {
    const asked: unknown[] = []
    const settle = settleBy((conflict: unknown) => (asked.push(conflict), 'settled'), 'options.merge')
    const merged = merge({ a: 1, b: 1, c: 1, d: 1 }, { a: 2, b: 2, c: 1, d: 3 }, { a: 3, b: 2, c: 4 }, settle)
    assert.deepEqual(merged, { a: 'settled', b: 2, c: 4, d: 'settled' })
    assert.deepEqual(asked, [{ key: 'a', base: 1, mine: 2, theirs: 3 }, { key: 'd', base: 1, mine: 3, theirs: undefined }])
    assert.deepEqual(merge({}, { a: 1 }, { a: 2 }, settleBy(() => undefined, 'options.merge')), {})
  })
})
