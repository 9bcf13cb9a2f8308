'use strict'

// Calls under way: the two ends of a promise for each, under a ticket, which is a number that is used again.

// Not the global: an environment of a test may lack it or have replaced it.
const { setInterval } = require('node:timers')

/**
 * Makes a result of what came up: a function, or an object that may also give what stands in for a failure. `recover` must not throw.
 * @typedef {((value: any) => any) | { decode(value: any): any, recover(error: any): any }} Decode
 */

/** Parallel arrays that grow and are used again. */
/** @type {((value: any) => void)[]} */
const resolves = []
/** @type {((reason: unknown) => void)[]} */
const rejects = []
/** @type {(Decode | null)[]} */
const decodes = []
/** @type {number[]} */
const free = []
let pending = 0

/** Holds the process while calls are pending; it never fires on purpose. */
const LONGEST = 2 ** 31 - 1
const hold = setInterval(() => {}, LONGEST).unref()

/**
 * @param {Decode | null} decode
 * @param {(value: any) => void} resolve
 * @param {(reason: unknown) => void} reject
 * @returns {number} the ticket
 */
function enter(decode, resolve, reject) {
  const ticket = free.length > 0 ? /** @type {number} */ (free.pop()) : resolves.length
  resolves[ticket] = resolve
  rejects[ticket] = reject
  decodes[ticket] = decode
  if (pending++ === 0) hold.ref()
  return ticket
}

/**
 * Whether a ticket is still that of this call.
 * @param {number} ticket
 * @param {(value: any) => void} resolve
 */
function isUnder(ticket, resolve) {
  return resolves[ticket] === resolve
}

/**
 * Ends a call with what came up.
 * @param {number} ticket
 * @param {any} value
 */
function settle(ticket, value) {
  const resolve = resolves[ticket]
  const reject = rejects[ticket]
  const decode = decodes[ticket]
  release(ticket)
  if (decode === null) return resolve(value)
  try {
    resolve(typeof decode === 'function' ? decode(value) : decode.decode(value))
  } catch (error) {
    reject(error)
  }
}

/**
 * Ends a call that failed, or was not handed over.
 * @param {number} ticket
 * @param {unknown} error
 */
function fail(ticket, error) {
  const resolve = resolves[ticket]
  const reject = rejects[ticket]
  const decode = decodes[ticket]
  release(ticket)
  if (decode === null || typeof decode === 'function') reject(error)
  else resolve(decode.recover(error))
}

/** @param {number} ticket */
function release(ticket) {
  // Until the ticket is used again, these would hold the promise, and it the answer.
  resolves[ticket] = spent
  rejects[ticket] = spent
  decodes[ticket] = null
  free.push(ticket)
  if (--pending === 0) hold.unref()
}

function spent() {}

module.exports = { enter, fail, isUnder, settle }
