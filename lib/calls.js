'use strict'

// The JavaScript end of the bridge: how calls leave, and the drain that settles them.

const { AsyncResource } = require('node:async_hooks')
const { onAbort } = require('./abort')
const { NativePort } = require('./native')
const { RedwrightError, fromNative } = require('./errors')
const tickets = require('./tickets')
// Not the global: an environment of a test may lack it or have replaced it.
const { setImmediate } = require('node:timers')

// Taken now, so that a test's fake timers cannot stop the bridge.
const { nextTick } = process
const { queueMicrotask } = globalThis

/** What `src/bridge/drain.rs` says of a value. */
const NIL = 0
const DONE = 1
const TRUE = 3
const VALUE = 4
const FAILURE = 5

/** What `src/redis/dispatch.rs` answers at once. */
const TAKEN = 0
const OPENS_TURN = 1
const BUSY = 2
const OPEN = 4

/** The ticket of events. */
const EVENT = 0xffffffff

/** Two words a completion, behind the count and the flag that more wait. */
const slots = new Uint32Array(2 + 2 * 512)

/** @typedef {import('./tickets').Decode} Decode */

/**
 * Who takes up calls of a turn that cross together, `most` at the most: `add` is told of each, and `handOver` hands all over, with a ticket and a word of
 * each in `slots`. It gives how many were taken, and above 16 bits what becomes of the rest.
 * @typedef {{ readonly most: number, add(key: string, entry: any): void, handOver(slots: Uint32Array, count: number): number }} Gatherer
 */

/** The most that anybody takes up. */
const TOGETHER = 64

/** Whether this turn is gathered: then its end is seen to, and what is asked for in it may leave later. */
let isGathering = false
/** Who has taken up what has not left: one at a time, so that all leaves in the order of asking. @type {Gatherer | null} */
let gatherer = null
/** The context in which all is settled: that of nobody. */
const scope = new AsyncResource('RedwrightCalls')
/** Two words a call. */
const gathered = new Uint32Array(2 * TOGETHER)
let gatheredCount = 0

/** @type {Map<number, WeakRef<{ onEvent(name: string, fields: any[]): void }>>} */
const sources = new Map()
let lastSource = 0

const port = new NativePort(drain)

/** Settles what has come up. Runs from an empty stack. */
function drain() {
  const values = port.drain(slots)
  const count = slots[0]
  const more = slots[1] !== 0
  let next = 0
  for (let i = 2, end = 2 + 2 * count; i < end; i += 2) {
    const tag = slots[i + 1]
    const value = tag >= VALUE ? values[next++] : undefined
    if (slots[i] === EVENT) deliver(/** @type {any[]} */ (value))
    else settle(slots[i], tag, value)
  }
  isGathering = count > 1
  if (isGathering) queueMicrotask(endTurnLater)
  if (more) setImmediate(drain)
}

/**
 * @param {number} ticket
 * @param {number} tag
 * @param {any} value
 */
function settle(ticket, tag, value) {
  if (tag === FAILURE) tickets.fail(ticket, fromNative(value))
  else tickets.settle(ticket, tag >= VALUE ? value : tag === NIL ? null : tag === DONE ? undefined : tag === TRUE)
}

/** @param {any[]} event */
function deliver([source, name, ...fields]) {
  // A listener that throws must not take the rest of the batch with it.
  queueMicrotask(() => sources.get(source)?.deref()?.onEvent(name, fields))
}

// What promises submit when they settle is gathered; this runs behind all of them.
function endTurnLater() {
  nextTick(endTurn)
}

function endTurn() {
  leave()
  isGathering = false
  port.endTurn()
}

/** Hands over what has been gathered. */
function leave() {
  if (gatherer === null) return
  const [leaving, count] = [gatherer, gatheredCount]
  gatherer = null
  gatheredCount = 0
  let answer = 0
  let error = null
  try {
    answer = leaving.handOver(gathered, count)
  } catch (thrown) {
    error = internal(thrown)
  }
  const taken = answer & 0xffff
  if (taken === count) return
  // Copied, because whoever is refused may ask again.
  const refused = gathered.slice(2 * taken, 2 * count).filter((_, i) => i % 2 === 0)
  // What they do then must not be done in the context of whoever made them leave.
  scope.runInAsyncScope(() => refused.forEach((ticket) => tickets.fail(ticket, error ?? refusal(answer >>> 16))))
}

/**
 * Hands `submit` a ticket and enters the two ends of a promise under it.
 * @template N
 * @param {N} native whose method `submit` calls
 * @param {(native: N, ticket: number) => number} submit
 * @param {Decode | null} decode
 * @param {(value: any) => void} resolve
 * @param {(reason: unknown) => void} reject
 * @returns {number} the ticket
 */
function begin(native, submit, decode, resolve, reject) {
  leave()
  const ticket = tickets.enter(decode, resolve, reject)
  let status
  try {
    status = submit(native, ticket)
  } catch (error) {
    tickets.fail(ticket, internal(error))
    return ticket
  }
  if (status === OPENS_TURN) {
    isGathering = true
    nextTick(endTurn)
  } else if (status !== TAKEN) {
    tickets.fail(ticket, refusal(status))
  }
  return ticket
}

/**
 * As `call`, of one that crosses together with others of its turn; `null` where that is not gathered, and nothing has begun.
 * @param {Gatherer} by
 * @param {string} key
 * @param {any} entry
 * @param {number} word
 * @param {Decode | null} decode
 * @returns {Promise<any> | null}
 */
function callTogether(by, key, entry, word, decode) {
  if (!isGathering) return null
  return new Promise((resolve, reject) => {
    if (by !== gatherer) leave()
    gatherer = by
    gathered[2 * gatheredCount] = tickets.enter(decode, resolve, reject)
    gathered[2 * gatheredCount + 1] = word
    by.add(key, entry)
    if (++gatheredCount === by.most) leave()
  })
}

/**
 * Begins a call and gives the promise of its outcome.
 * @template N
 * @param {N} native
 * @param {(native: N, ticket: number) => number} submit
 * @param {Decode | null} [decode]
 * @returns {Promise<any>}
 */
function call(native, submit, decode = null) {
  return new Promise((resolve, reject) => begin(native, submit, decode, resolve, reject))
}

/**
 * As `call`, ended early by a signal: the promise rejects at once with its reason, and the operation is cancelled.
 * @template {{ cancel(ticket: number): void }} N
 * @param {N} native
 * @param {AbortSignal} signal
 * @param {(native: N, ticket: number) => number} submit
 * @param {Decode | null} [decode]
 * @returns {Promise<any>}
 */
function callUntil(native, signal, submit, decode = null) {
  if (signal.aborted) return Promise.reject(signal.reason)
  let forget = () => {}
  const promise = new Promise((resolve, reject) => {
    const ticket = begin(native, submit, decode, resolve, reject)
    forget = onAbort(signal, () => {
      // The ticket may have been settled, and be another call's already.
      if (!tickets.isUnder(ticket, resolve)) return
      reject(signal.reason)
      native.cancel(ticket)
    })
  })
  promise.then(forget, forget)
  return promise
}

/** @param {number} status */
function refusal(status) {
  if (status === OPEN) return withoutStack(circuitOpen)
  if (status === BUSY) return new RedwrightError('ERR_BUSY', 'too many operations are pending on this client')
  return new RedwrightError('ERR_CLOSED', 'the client is closed')
}

function circuitOpen() {
  return new RedwrightError('ERR_CIRCUIT_OPEN', 'the circuit breaker of this client is open; nothing was sent')
}

/**
 * Makes an error that holds no stack: gathering one costs several times as much as all the rest of a refusal, and an open circuit refuses
 * everything. What comes up from the I/O thread knows no caller either.
 * @template E
 * @param {() => E} make
 */
function withoutStack(make) {
  const limit = Error.stackTraceLimit
  // Where somebody has frozen `Error`, it keeps its stack.
  Reflect.set(Error, 'stackTraceLimit', 0)
  const error = make()
  Reflect.set(Error, 'stackTraceLimit', limit)
  return error
}

/** @param {unknown} cause */
function internal(cause) {
  return new RedwrightError('ERR_INTERNAL', 'the native core failed', { cause })
}

/**
 * Names a receiver of events. It is held weakly.
 * @param {{ onEvent(name: string, fields: any[]): void }} receiver
 */
function addSource(receiver) {
  const source = ++lastSource
  sources.set(source, new WeakRef(receiver))
  finished.register(receiver, source)
  return source
}

const finished = new FinalizationRegistry((/** @type {number} */ source) => sources.delete(source))

module.exports = { TOGETHER, port, call, callTogether, callUntil, leave, addSource }
