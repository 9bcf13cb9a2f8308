'use strict'

// Options of sessions, as every door takes them.

const { createSecretKey, hkdfSync } = require('node:crypto')
const check = require('../check')
const { typeError, rangeError, kindOf } = require('../errors')
const { space } = require('../key-space')

const TTL = '1d'
const TOMBSTONE_MS = 60_000
const MOST_SESSIONS = 10_000
const MOST_KEYS = 16
const LEAST_SECRET = 32
const LIMITS = /** @type {const} */ (['evict', 'refuse'])

/** What `settingsOf` reads; a door adds its own. */
const OPTIONS = [
  'name', 'prefix', 'namespace', 'ttl', 'absoluteTtl', 'tombstoneMs', 'idKeys', 'encryptionKeys', 'maxSessionsPerUser', 'onLimit', 'timeoutMs',
]

/**
 * @typedef {object} Settings
 * @property {string} name
 * @property {string} prefix
 * @property {string} namespace
 * @property {number} ttlMs how long a session may go unseen
 * @property {number} absoluteMs how long it may live at most, 0 for any time
 * @property {number} tombstoneMs
 * @property {readonly import('node:crypto').KeyObject[]} idKeys
 * @property {readonly import('node:crypto').KeyObject[]} encryptionKeys
 * @property {string | null} legacyPrefix where another store has its sessions
 * @property {number} maxSessionsPerUser 0 for any number
 * @property {'evict' | 'refuse'} onLimit
 * @property {number} timeoutMs 0 for the client's own
 */

/**
 * @param {any} given options, whose keys are known
 * @returns {Settings}
 */
function settingsOf(given) {
  const { prefix = 'session', namespace = 'default', name = prefix, ttl = TTL, absoluteTtl, tombstoneMs = TOMBSTONE_MS } = given
  const { idKeys, encryptionKeys, legacyPrefix, maxSessionsPerUser, onLimit = 'evict', timeoutMs } = given
  check.key(prefix, 'options.prefix')
  check.key(name, 'options.name')
  check.key(namespace, 'options.namespace')
  if (legacyPrefix !== undefined) checkApart(legacyPrefix, space(prefix, namespace))
  check.oneOf(onLimit, 'options.onLimit', LIMITS)
  return {
    name,
    prefix,
    namespace,
    ttlMs: check.span(ttl, 'options.ttl', 1000),
    absoluteMs: absoluteTtl === undefined || absoluteTtl === Infinity ? 0 : check.span(absoluteTtl, 'options.absoluteTtl', 1000),
    tombstoneMs: check.span(tombstoneMs, 'options.tombstoneMs', 1),
    idKeys: keysOf(idKeys, 'options.idKeys', 'redwright session ids'),
    encryptionKeys: keysOf(encryptionKeys, 'options.encryptionKeys', 'redwright session data'),
    legacyPrefix: legacyPrefix ?? null,
    maxSessionsPerUser:
      maxSessionsPerUser === undefined || maxSessionsPerUser === Infinity
        ? 0
        : check.integer(maxSessionsPerUser, 'options.maxSessionsPerUser', 1, MOST_SESSIONS),
    onLimit,
    timeoutMs: timeoutMs === undefined ? 0 : check.duration(timeoutMs, 'options.timeoutMs'),
  }
}

/**
 * What another store has must not be taken for ours, nor the other way round.
 * @param {unknown} legacyPrefix
 * @param {string} own
 */
function checkApart(legacyPrefix, own) {
  check.key(legacyPrefix, 'options.legacyPrefix')
  if (own.startsWith(legacyPrefix) || legacyPrefix.startsWith(own)) throw typeError('options.legacyPrefix must not be what our own keys begin with')
}

/**
 * Keys made of secrets, so that one secret that is given for two purposes makes two keys (HKDF, RFC 5869).
 * @param {unknown} secrets
 * @param {string} name
 * @param {string} purpose
 */
function keysOf(secrets, name, purpose) {
  if (secrets === undefined) return []
  const list = check.array(secrets, name)
  if (list.length === 0) throw typeError(`${name} must not be an empty array`)
  if (list.length > MOST_KEYS) throw rangeError(`${name} must hold at most ${MOST_KEYS} secrets, got ${list.length}`)
  return list.map((secret, i) => {
    const bytes = bytesOf(secret, `${name}[${i}]`)
    return createSecretKey(Buffer.from(hkdfSync('sha256', bytes, '', purpose, 32)))
  })
}

/**
 * @param {unknown} secret
 * @param {string} name
 */
function bytesOf(secret, name) {
  if (typeof secret !== 'string' && !(secret instanceof Uint8Array)) throw typeError(`${name} must be a string or a Uint8Array, got ${kindOf(secret)}`)
  const bytes = typeof secret === 'string' ? Buffer.from(secret) : secret
  if (bytes.length < LEAST_SECRET) throw rangeError(`${name} must have at least ${LEAST_SECRET} bytes, got ${bytes.length}`)
  return bytes
}

module.exports = { OPTIONS, settingsOf }
