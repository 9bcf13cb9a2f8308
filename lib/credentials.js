'use strict'

// The credentials callback: asked by the native core when it needs credentials, and never awaited by it.

const { isNativeError } = require('node:util/types')
const check = require('./check')
const { typeError, kindOf } = require('./errors')

/**
 * Answers one question of the native core.
 * @param {() => import('../index').Credentials | Promise<import('../index').Credentials>} callback
 * @param {import('../binding').NativeRedis} native
 * @param {number} question
 */
async function answerQuestion(callback, native, question) {
  try {
    const { username, password, ttl } = checked(await callback())
    native.giveCredentials(question, username, password, ttl)
  } catch (error) {
    native.refuseCredentials(question, error instanceof Wrong ? error.message : `failed with ${nameOf(error)}`)
  }
}

/** What the callback gave is not what it should be. */
class Wrong extends Error {}

/**
 * @param {unknown} given
 * @returns {{ username: string | undefined, password: string, ttl: number | undefined }}
 */
function checked(given) {
  try {
    if (given === undefined) throw typeError('credentials must be an object, got undefined')
    const { username, password, ttlMs } = check.options(given, 'credentials', ['username', 'password', 'ttlMs'])
    if (username !== undefined) check.string(username, 'credentials.username')
    check.string(password, 'credentials.password')
    return { username, password, ttl: ttlMs === undefined ? undefined : check.duration(ttlMs, 'credentials.ttlMs') }
  } catch (error) {
    throw new Wrong(`gave no credentials: ${/** @type {Error} */ (error).message}`)
  }
}

/**
 * How a failure is told: by its name. Its message may hold what the callback worked with.
 * @param {unknown} error
 */
function nameOf(error) {
  // An `AbortError` is a `DOMException`, which is no native error.
  if (!isNativeError(error) && !(error instanceof DOMException)) return kindOf(error)
  return /^\w{1,64}$/.test(error.name) ? error.name : 'an error'
}

module.exports = { answerQuestion }
