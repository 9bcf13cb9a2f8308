'use strict'

// Where a lock comes from: only there it can be given back, and only what it covers may run under it.

const { typeError, kindOf } = require('../errors')
const check = require('../check')
const { HeldLock, termsOf } = require('./held-lock')
const { SHARED } = require('./native')
const { holds } = require('./resources')

/** @typedef {{ kind: number, prefix: string, clients: readonly import('../redis').Redis[] }} Origin */

/**
 * A lock of just these resources, to be given back or extended; `null` for what may be a token.
 * @param {unknown} lock
 * @param {Origin} origin
 * @param {string} names
 */
function lockOf(lock, origin, names) {
  if (!HeldLock.is(lock)) return null
  checkOrigin(lock, origin, 'lock')
  if (termsOf(lock).names !== names) throw typeError('lock must be a lock of this resource, and of all that were locked with it')
  return lock
}

/**
 * A lock that covers these resources, handed over by the caller.
 * @param {unknown} lock
 * @param {Origin} origin
 * @param {string} names
 * @param {number} mode
 */
function coveringLock(lock, origin, names, mode) {
  const name = 'options.held'
  if (!HeldLock.is(lock)) throw typeError(`${name} must be a HeldLock, got ${kindOf(lock)}`)
  checkOrigin(lock, origin, name)
  const terms = termsOf(lock)
  if (!holds(terms.names, names)) throw typeError(`${name} must be a lock of all of these resources`)
  if (terms.mode === SHARED && mode !== SHARED) throw typeError(`${name} must be a lock for writing: it is one for reading`)
  return lock
}

/** @param {unknown} lock */
function tokenOf(lock) {
  if (typeof lock !== 'string') throw typeError(`lock must be a HeldLock or its token, got ${kindOf(lock)}`)
  check.key(lock, 'lock')
  return lock
}

/**
 * @param {HeldLock} lock
 * @param {Origin} origin
 * @param {string} name
 */
function checkOrigin(lock, { kind, prefix, clients }, name) {
  const from = termsOf(lock).keeper.origin
  const isSame = from.kind === kind && from.prefix === prefix && from.clients.length === clients.length && clients.every((client) => from.clients.includes(client))
  if (!isSame) throw typeError(`${name} must come from a lock of this class, prefix and client`)
}

module.exports = { lockOf, coveringLock, tokenOf }
