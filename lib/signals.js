'use strict'

// `redis.closeOnSignal()`: clients that close before a signal ends the process.

const os = require('node:os')
const { isMainThread } = require('node:worker_threads')
const check = require('./check')
const { typeError, kindOf } = require('./errors')

const SIGNALS = /** @type {const} */ (['SIGTERM', 'SIGINT'])

/** @typedef {typeof SIGNALS[number]} Signal */
/** @typedef {() => Promise<unknown>} Close never rejects */

/** @type {Map<Signal, Set<Close>>} what to close, by signal; there is a listener for each signal that is in here */
const waiting = new Map()

/** Whether a signal has come and not everything is closed yet. */
let closing = false

/**
 * What `closeOnSignal` is given.
 * @param {unknown} options
 */
function given(options) {
  const { signals = SIGNALS, timeoutMs = 2000 } = check.options(options, 'options', ['signals', 'timeoutMs'])
  if (!Array.isArray(signals)) throw typeError(`options.signals must be an array, got ${kindOf(signals)}`)
  if (signals.length === 0) throw typeError('options.signals must not be empty')
  if (!signals.every((signal) => SIGNALS.includes(signal))) throw typeError("options.signals must hold 'SIGTERM' and 'SIGINT' only")
  if (!isMainThread) throw typeError('closeOnSignal must be called in the main thread: worker threads get no signals')
  return { signals: /** @type {readonly Signal[]} */ ([...new Set(signals)]), timeoutMs: check.duration(timeoutMs, 'options.timeoutMs') }
}

/**
 * Closes before a signal ends the process. Gives what undoes it.
 * @param {readonly Signal[]} signals
 * @param {Close} close
 */
function closeOn(signals, close) {
  for (const signal of signals) {
    const others = waiting.get(signal)
    if (others !== undefined) {
      others.add(close)
      continue
    }
    waiting.set(signal, new Set([close]))
    // In front, to see those among the others that take themselves away when they are called.
    process.prependListener(signal, onSignal)
  }
  return () => signals.forEach((signal) => forget(signal, close))
}

/**
 * @param {Signal} signal
 * @param {Close} close
 */
function forget(signal, close) {
  const closes = waiting.get(signal)
  if (!closes?.delete(close) || closes.size > 0) return
  waiting.delete(signal)
  process.removeListener(signal, onSignal)
}

/** @param {NodeJS.Signals} name */
async function onSignal(name) {
  const signal = /** @type {Signal} */ (name)
  const isOurs = process.listenerCount(signal) === 1
  const isFirst = !closing
  if (isFirst) {
    closing = true
    // A client that is made meanwhile is closed too.
    for (let closes = waiting.get(signal); closes !== undefined; closes = waiting.get(signal)) {
      await Promise.all([...closes].map((close) => close().finally(() => forget(signal, close))))
    }
    closing = false
  } else {
    // Whoever asks twice does not want to wait.
    for (const other of waiting.keys()) process.removeListener(other, onSignal)
    waiting.clear()
  }
  // Where somebody else listens, it is theirs to end the process.
  if (isOurs && process.listenerCount(signal) === 0) raise(signal)
}

/**
 * Lets a signal do what it does where nobody listens.
 * @param {Signal} signal
 */
function raise(signal) {
  // The first process of a container is not ended by a signal that it does not listen to.
  if (process.pid === 1) process.exit(128 + os.constants.signals[signal])
  process.kill(process.pid, signal)
}

module.exports = { given, closeOn }
