'use strict'

// Abort signals. A request's one signal may end many calls, so it gets one listener for all of them: more than ten would look like a leak.

/** @type {WeakMap<AbortSignal, { callbacks: Set<() => void>, listener: () => void }>} */
const waiting = new WeakMap()

/**
 * Calls back when a signal aborts. Gives the function that takes it back.
 * @param {AbortSignal} signal
 * @param {() => void} callback
 */
function onAbort(signal, callback) {
  const { callbacks, listener } = waiting.get(signal) ?? listen(signal)
  callbacks.add(callback)
  return () => {
    if (!callbacks.delete(callback) || callbacks.size > 0) return
    waiting.delete(signal)
    signal.removeEventListener('abort', listener)
  }
}

/** @param {AbortSignal} signal */
function listen(signal) {
  /** @type {Set<() => void>} */
  const callbacks = new Set()
  const listener = () => {
    for (const callback of callbacks) callback()
  }
  signal.addEventListener('abort', listener, { once: true })
  const entry = { callbacks, listener }
  waiting.set(signal, entry)
  return entry
}

/**
 * A promise, or the reason of a signal that comes first.
 * @param {AbortSignal} signal
 * @param {Promise<any>} promise
 */
function until(signal, promise) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    promise.then(resolve, reject).finally(onAbort(signal, abort))
  })
}

module.exports = { onAbort, until }
