import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Portions } from '../lib/limit/portions.js'

/** The sizes in which so many leave of which a turn asks. */
function left(portions: Portions, count: number): number[] {
  const sizes: number[] = []
  for (let rest = count; rest > 0; rest -= sizes.at(-1)!) {
    sizes.push(Math.min(rest, portions.size))
    portions.leave(sizes.at(-1)!)
  }
  portions.endTurn()
  return sizes
}

test('whatever is asked for at a time, its portions are as large as each other from the second turn on, and not too many', () => {
  for (let count = 1; count <= 2000; count++) {
    const portions = new Portions()
    for (const size of left(portions, count)) portions.end(size)
    const sizes = left(portions, count)
    assert.equal(sizes.length, count <= 32 ? 1 : Math.max(2, Math.ceil(count / 64)), `${count}`)
    assert.ok(sizes[0]! - sizes.at(-1)! < sizes.length, `${count}: ${sizes}`)
  }
})

test('what has been answered is not counted', () => {
  const portions = new Portions()
  for (const size of left(portions, 1000)) portions.end(size)
  left(portions, 1)
  assert.equal(portions.size, 32)
})
