'use strict'

/** What one call takes across in one string, in code units; V8's longest string has 2^29. */
const MOST = 2 ** 27

/**
 * Where to cut a list of texts, so that no part of it, joined, outgrows a string: the ends of the parts. Almost always one.
 * @param {number} count
 * @param {(index: number) => number} lengthAt
 * @param {number} [most]
 * @returns {number[]}
 */
function cuts(count, lengthAt, most = MOST) {
  const ends = []
  let length = 0
  for (let i = 0; i < count; i++) {
    const next = lengthAt(i) + 1
    if (length > 0 && length + next > most) {
      ends.push(i)
      length = 0
    }
    length += next
  }
  if (count > 0) ends.push(count)
  return ends
}

/**
 * Calls `run` for each part, all at once, and gives the results in order.
 * @template T
 * @param {number} count
 * @param {(index: number) => number} lengthAt
 * @param {(start: number, end: number) => Promise<T>} run
 * @returns {Promise<T[]>}
 */
function inParts(count, lengthAt, run) {
  let start = 0
  return Promise.all(
    cuts(count, lengthAt).map((end) => {
      const part = run(start, end)
      start = end
      return part
    }),
  )
}

module.exports = { cuts, inParts }
