'use strict'

// Options of locks.

const check = require('../check')
const { typeError, kindOf, kindOfWord } = require('../errors')
const { Redis, realmOf } = require('../redis')
const { FAIR, RENEW } = require('./native')

const DEFAULT_TTL_MS = 10_000
const HOLD_MS = 3_600_000
const STALL_MS = 30_000
const REPLICAS_MS = 1000
const RETRIES = 10
const RETRY_DELAY_MS = 200
const MOST_RETRIES = 1_000_000
const MOST_REPLICAS = 1000
const MOST_PERMITS = 2 ** 31 - 1
/** The longest span of a timer on the I/O thread. */
const LONGEST_MS = 2 ** 31 - 1

/** @typedef {import('./keeper').Terms} Terms */

/** Of the constructor and of each call. */
const LASTING = ['maxHoldMs', 'replicas', 'replicaTimeoutMs']
const OF_ONE = ['waitMs', 'signal', 'renew', ...LASTING]

/**
 * What a class of locks takes. A read-write lock has no `fair`: it is.
 * @param {{ isFairOption: boolean, more?: readonly string[] }} kind
 */
function optionsOf({ isFairOption, more = [] }) {
  const fair = isFairOption ? ['fair'] : []
  const acquire = [...OF_ONE, ...fair]
  return {
    construct: [...more, 'name', 'prefix', 'loopStallLimitMs', ...LASTING, ...fair],
    acquire,
    under: ['ttl', 'retries', 'retryDelay', ...acquire, 'held'],
  }
}

/**
 * One client, or those of a quorum.
 * @param {unknown} redis
 * @param {boolean} mayBeMany
 * @returns {Redis[]}
 */
function clientsOf(redis, mayBeMany) {
  if (redis instanceof Redis) return [redis]
  if (!mayBeMany || !Array.isArray(redis)) throw typeError(`redis must be a Redis of this package, got ${kindOf(redis)}`)
  const clients = [...redis]
  if (clients.length < 2) throw typeError(`redis must be a Redis, or at least 2 of independent servers, got an array of ${clients.length}`)
  clients.forEach((client, i) => {
    if (!(client instanceof Redis)) throw typeError(`redis[${i}] must be a Redis of this package, got ${kindOf(client)}`)
    // Two votes of one server would be a majority of nothing.
    const before = clients.findIndex((other) => other === client || serverOf(other) === serverOf(client))
    if (before !== i) throw typeError(`redis[${i}] must lead to another server than redis[${before}]`)
  })
  return clients
}

/**
 * Where a client leads, whatever its database: those of one server are lost together.
 * @param {Redis} client
 */
function serverOf(client) {
  const realm = realmOf(client)
  return realm === '' ? realm : JSON.stringify(JSON.parse(realm).slice(0, -1))
}

/**
 * How a lock is asked for where a call does not say.
 * @param {any} given options of the constructor
 * @param {boolean} isQuorum
 * @param {number} permits
 * @returns {Terms}
 */
function defaultTerms(given, isQuorum, permits) {
  const { fair = false, maxHoldMs = HOLD_MS, replicas = 0, replicaTimeoutMs = REPLICAS_MS } = given
  if (isQuorum) refuseInQuorum(given)
  return {
    waitMs: 0,
    signal: undefined,
    flags: check.boolean(fair, 'options.fair') ? FAIR : 0,
    maxHoldMs: check.duration(maxHoldMs, 'options.maxHoldMs'),
    replicas: replicasOf(replicas),
    replicaTimeoutMs: check.duration(replicaTimeoutMs, 'options.replicaTimeoutMs'),
    permits,
  }
}

/**
 * How a lock is asked for by one call.
 * @param {any} given options of it, whose keys are known
 * @param {Terms} defaults
 * @param {boolean} isQuorum
 * @param {{ waitMs: number, renew: boolean }} otherwise
 * @returns {Terms}
 */
function termsOf(given, defaults, isQuorum, otherwise) {
  const { waitMs, signal, renew, maxHoldMs, replicas, replicaTimeoutMs, fair } = given
  if (isQuorum) refuseInQuorum(given)
  if (signal !== undefined) check.signal(signal, 'options.signal')
  const isFair = fair === undefined ? (defaults.flags & FAIR) !== 0 : check.boolean(fair, 'options.fair')
  const renews = renew === undefined ? otherwise.renew || maxHoldMs !== undefined : check.boolean(renew, 'options.renew')
  return {
    waitMs: waitMs === undefined ? otherwise.waitMs : check.durationOrNone(waitMs, 'options.waitMs'),
    signal,
    flags: (isFair ? FAIR : 0) | (renews ? RENEW : 0),
    maxHoldMs: maxHoldMs === undefined ? defaults.maxHoldMs : check.duration(maxHoldMs, 'options.maxHoldMs'),
    replicas: replicas === undefined ? defaults.replicas : replicasOf(replicas),
    replicaTimeoutMs: replicaTimeoutMs === undefined ? defaults.replicaTimeoutMs : check.duration(replicaTimeoutMs, 'options.replicaTimeoutMs'),
    permits: defaults.permits,
  }
}

/**
 * How long to wait where the published snippets would have tried again.
 * @param {any} given
 */
function patienceOf({ retries = RETRIES, retryDelay = RETRY_DELAY_MS }) {
  const times = check.integer(retries, 'options.retries', 0, MOST_RETRIES)
  return Math.min(LONGEST_MS, times * check.durationOrNone(retryDelay, 'options.retryDelay'))
}

/** @param {unknown} ttlMs @param {string} [name] */
function ttlOf(ttlMs, name = 'ttlMs') {
  return ttlMs === undefined ? DEFAULT_TTL_MS : check.duration(ttlMs, name)
}

/** @param {unknown} loopStallLimitMs */
function stallOf(loopStallLimitMs = STALL_MS) {
  return check.duration(loopStallLimitMs, 'options.loopStallLimitMs')
}

/** @param {unknown} permits @param {string} name */
function permitsOf(permits, name) {
  return check.integer(permits, name, 1, MOST_PERMITS)
}

/** @param {unknown} replicas */
function replicasOf(replicas) {
  if (replicas === 'majority') return -1
  if (replicas === 'all') return -2
  if (typeof replicas === 'number') return check.integer(replicas, 'options.replicas', 0, MOST_REPLICAS)
  throw typeError(`options.replicas must be a number, 'majority' or 'all', got ${kindOfWord(replicas)}`)
}

/** @param {any} given */
function refuseInQuorum({ fair, replicas, replicaTimeoutMs }) {
  if (fair !== undefined && fair !== false) throw typeError('options.fair is of one server only: those of a quorum have no common order')
  const asks = (replicas !== undefined && replicas !== 0) || replicaTimeoutMs !== undefined
  if (asks) throw typeError('options.replicas is of one server only: those of a quorum are independent')
}

module.exports = { optionsOf, clientsOf, defaultTerms, termsOf, patienceOf, ttlOf, stallOf, permitsOf }
