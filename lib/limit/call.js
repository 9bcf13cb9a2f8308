'use strict'

// Operations whose callers are answered in time, whatever becomes of them.

const { RedwrightError } = require('../errors')
const { call, isOpen } = require('../redis')

/**
 * Begins an operation of a client that has a deadline also before an embedded server stands.
 * @param {import('../redis').Redis} redis
 * @param {number} timeoutMs which the native half keeps once it is there
 * @param {(native: import('../../binding').NativeRedis, ticket: number) => number} submit
 * @param {import('../calls').Decode | null} decode
 * @returns {Promise<any>}
 */
function callWithin(redis, timeoutMs, submit, decode) {
  if (isOpen(redis)) return call(redis, submit, decode)
  return call(redis, submit, decode, AbortSignal.timeout(timeoutMs)).catch((cause) => {
    if (cause instanceof RedwrightError) throw cause
    // It may have been sent in the last moment.
    throw new RedwrightError('ERR_TIMEOUT', `no answer within ${timeoutMs} ms`, { cause, maybeExecuted: true })
  })
}

/**
 * What is made of an answer, or of there being none, whichever comes first: whoever waits for an embedded server is told by a signal that it took
 * too long, and the answer may come behind that.
 * @param {(value: any) => any} decode
 * @param {(error: unknown) => any} recover
 */
function once(decode, recover) {
  let isOver = false
  /** @param {() => any} make */
  const first = (make) => {
    if (isOver) return undefined
    isOver = true
    return make()
  }
  return { decode: (/** @type {any} */ value) => first(() => decode(value)), recover: (/** @type {unknown} */ error) => first(() => recover(error)) }
}

module.exports = { callWithin, once }
