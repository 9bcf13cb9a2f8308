'use strict'

// Methods that take a callback or give a promise.

const { RedwrightError } = require('../errors')

/** What asks for something that is not there for the moment: "Service Unavailable". */
const AWAY = 503

/**
 * Calls back once, and never from inside a promise: what the callback throws is its own, as it is with any store, and is no answer of this.
 * @template T
 * @param {Promise<T>} answer
 * @param {[callback?: (error?: any, value?: any) => void]} given empty where a promise is wanted. express-session hands on what it was not given: `undefined`, and nobody is to be told
 * @returns {any}
 */
function answer(answer, given) {
  const told = answer.catch((error) => {
    throw withStatus(error)
  })
  if (given.length === 0) return told
  const [callback = () => {}] = given
  told.then(
    (value) => process.nextTick(callback, null, value),
    (error) => process.nextTick(callback, error),
  )
}

/**
 * Express and Fastify answer with the status that an error has.
 * @param {unknown} error
 */
function withStatus(error) {
  if (error instanceof RedwrightError && error.retryable) Object.assign(error, { status: AWAY, statusCode: AWAY })
  return error
}

module.exports = { answer }
