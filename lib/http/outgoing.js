'use strict'

// The fields of a response on its way out, as lists of names and values by turns.

const { notToStore, valueOf } = require('./fields')

/** What is said anew of each response, or is for one client. */
const NOT_KEPT = new Set(['content-length', 'age', 'cache-status', 'set-cookie'])

/**
 * All of a response so far. It is asked twice and not for each field: Express gives each response a shape of its own, which makes a question dear.
 * @param {any} res
 * @returns {string[]}
 */
function listOf(res) {
  /** @type {string[]} */
  const list = []
  const values = res.getHeaders()
  // In the same order. HTTP/2 knows names in lower case only.
  const names = res.getRawHeaderNames?.() ?? Object.keys(values)
  let i = 0
  for (const lower of Object.keys(values)) {
    const name = names[i++]
    const value = values[lower]
    if (Array.isArray(value)) for (const one of value) list.push(name, String(one))
    else list.push(name, String(value))
  }
  return list
}

/** What was set before this point of the chain of handlers: it is set for each request anew. */
class Snapshot {
  /** @type {Map<string, number | string | string[]>} */
  raw = new Map()

  /** @param {any} res */
  constructor(res) {
    const values = res.getHeaders()
    for (const name of Object.keys(values)) {
      const value = values[name]
      // `appendHeader` goes on with the very same list.
      this.raw.set(name, Array.isArray(value) ? [...value] : value)
    }
  }

  /**
   * Whether a field is as it was.
   * @param {string} name in lower case
   * @param {readonly string[]} list of all fields
   */
  has(name, list) {
    const before = this.raw.get(name)
    return before !== undefined && String(before) === String(list.filter((_, i) => i % 2 === 1 && list[i - 1].toLowerCase() === name))
  }
}

/**
 * What of a response is to be stored: what was set behind that, and is not about one connection or one client. With a date, since a stored response tells its own.
 * @param {readonly string[]} list
 * @param {Snapshot} before
 */
function storable(list, before) {
  const omitted = notToStore(list)
  const kept = []
  let hasDate = false
  for (let i = 0; i < list.length; i += 2) {
    const lower = list[i].toLowerCase()
    if (NOT_KEPT.has(lower) || omitted.has(lower) || before.has(lower, list)) continue
    if (lower === 'date') hasDate = true
    kept.push(list[i], list[i + 1])
  }
  if (!hasDate) kept.push('Date', new Date().toUTCString())
  return kept
}

/**
 * What was set before this point of the chain, and taken away behind it.
 * @param {readonly string[]} list
 * @param {Snapshot} before
 * @returns {string[]} in lower case
 */
function takenAway(list, before) {
  return [...before.raw.keys()].filter((name) => valueOf(list, name) === undefined && !isNeverStored(name))
}

const NONE = notToStore([])

/**
 * What is in no record that is ours: it would be sent as it is.
 * @param {string} name
 */
function isNeverStored(name) {
  const lower = name.toLowerCase()
  return NOT_KEPT.has(lower) || NONE.has(lower)
}

/**
 * The same with one value a name, or a list of them, as `setHeader` takes it.
 * @param {readonly string[]} list
 * @returns {[name: string, value: string | string[]][]}
 */
function grouped(list) {
  /** @type {Map<string, [name: string, value: string | string[]]>} */
  const all = new Map()
  for (let i = 0; i < list.length; i += 2) {
    const lower = list[i].toLowerCase()
    const field = all.get(lower)
    if (field === undefined) all.set(lower, [list[i], list[i + 1]])
    else field[1] = [...(Array.isArray(field[1]) ? field[1] : [field[1]]), list[i + 1]]
  }
  return [...all.values()]
}

module.exports = { Snapshot, grouped, isNeverStored, listOf, storable, takenAway }
