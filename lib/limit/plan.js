'use strict'

// Decisions of one turn as they cross, in one call: `src/limit/plan.rs` reads them.
//
//   numbers  how many sets; for each: how many policies, and of each its kind, limit, span, rate; how many keys, and of each how many callers, and
//            what each asks for: a negative cost takes nothing
//   names    what the keys of all policies end in, with a NUL between two
//   keys     the keys of all sets, likewise
//
// What comes back are numbers again: for each key its mark and the server's time, then for each caller whether it is allowed (1, 0; -1 blocked; -2 not
// decided), and for each policy what is left, ms until it would allow the same (-1: never), ms until it is full.

const { resultOf } = require('./results')

/**
 * Those who ask for the same key under the same policies, in the order of their coming.
 * @typedef {{ key: string, costs: number[], resolves: ((result: any) => void)[] }} Group
 * @typedef {[set: import('./policies').PolicySet, groups: Group[]][]} Plan
 */

/** @param {Plan} plan */
function encode(plan) {
  const numbers = [plan.length]
  const names = []
  const keys = []
  for (const [set, groups] of plan) {
    for (const number of set.numbers) numbers.push(number)
    names.push(set.names)
    numbers.push(groups.length)
    for (const { key, costs } of groups) {
      keys.push(key)
      numbers.push(costs.length)
      for (const cost of costs) numbers.push(cost)
    }
  }
  return { numbers: Float64Array.from(numbers), names: names.join('\0'), keys: keys.join('\0') }
}

/**
 * The numbers that came up as bytes, `to_bytes` of `src/limit/plan.rs`.
 * @param {Uint8Array} bytes
 */
function numbersOf(bytes) {
  return new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / Float64Array.BYTES_PER_ELEMENT)
}

/**
 * Tells what came back for each caller; those that are not decided are given back.
 * @param {Plan} plan
 * @param {Uint8Array} bytes
 * @param {boolean} degraded
 * @param {(set: import('./policies').PolicySet, group: Group, caller: number, result: import('./results').Result, mark: number, answer: number) => void} tell
 * @returns {Plan}
 */
function decode(plan, bytes, degraded, tell) {
  const numbers = numbersOf(bytes)
  let at = 0
  /** @type {Plan} */
  const left = []
  for (const [set, groups] of plan) {
    const width = 1 + 3 * set.policies.length
    const undecided = []
    for (const group of groups) {
      const mark = numbers[at++]
      const now = numbers[at++]
      // They are all of one key.
      if (numbers[at] === -2) undecided.push(group)
      for (let i = 0; i < group.costs.length; i++, at += width) {
        if (numbers[at] !== -2) tell(set, group, i, resultOf(set, numbers, at, now, degraded), mark, numbers[at])
      }
    }
    if (undecided.length > 0) left.push([set, undecided])
  }
  return left
}

module.exports = { encode, decode, numbersOf }
