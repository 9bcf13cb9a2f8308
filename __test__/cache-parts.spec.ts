import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'

const { cuts, inParts } = createRequire(import.meta.url)('../lib/parts.js')

// The texts of one call cross in one string, and V8 bounds the length of a string: a setMany of nine 60 MiB values must not fail for that.
describe('a list of texts that together outgrow a string', () => {
  test('is cut into the fewest parts in order, of which only a single text may be too long', () => {
    const lengths = fc.array(fc.nat(12), { maxLength: 30 })
    const check = fc.property(lengths, fc.integer({ min: 1, max: 20 }), (lengths, most) => {
      const ends: number[] = cuts(lengths.length, (i: number) => lengths[i], most)
      const joined = (start: number, end: number) => lengths.slice(start, end).reduce((sum, length) => sum + length + 1, 0)
      assert.equal(ends.at(-1) ?? 0, lengths.length)
      ends.forEach((end, i) => {
        const start = ends[i - 1] ?? 0
        assert.ok(end > start)
        assert.ok(joined(start, end) <= most || end === start + 1)
        if (end < lengths.length) assert.ok(joined(start, end + 1) > most)
      })
    })
    fc.assert(check, { seed: 1 })
  })

  test('is one part in all usual cases, and none when empty', () => {
    assert.deepEqual(cuts(20_000, () => 400), [20_000])
    assert.deepEqual(cuts(9, () => 60 << 20), [2, 4, 6, 8, 9])
    assert.deepEqual(cuts(0, () => 1), [])
  })

  test('gives its results in order', async () => {
    const parts = await inParts(5, () => 60 << 20, async (start: number, end: number) => [start, end])
    assert.deepEqual(parts, [[0, 2], [2, 4], [4, 5]])
  })
})
