'use strict'

/**
 * A promise, or the reason of a signal that comes first.
 * @param {AbortSignal} signal
 * @param {Promise<any>} promise
 */
function until(signal, promise) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

module.exports = { until }
