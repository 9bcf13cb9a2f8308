'use strict'

// The options of a cache, checked once.

const given = require('./cache-arguments')
const check = require('./check')
const { typeError, rangeError, kindOf } = require('./errors')

const KNOWN = [
  'name', 'prefix', 'namespace', 'jitter', 'near', 'codec', 'schema', 'migrate', 'compress', 'maxValueBytes', 'timeoutMs', 'leaseMs', 'onError',
  'onUnavailable', ...given.OF_CACHE,
]

const DEFAULT_TTL_MS = 3_600_000
/** The epoch of a tag is remembered for longer than that. */
const LONGEST_LEASE_MS = 600_000
const COMPRESS_FROM = 1024

/** @type {import('./cache-arguments').Plan} */
const DEFAULTS = {
  ttlMs: DEFAULT_TTL_MS, staleMs: 0, negativeMs: undefined, softMs: 0, hardMs: 0, waitMs: 5_000, restMs: 10_000, beta: 0, leased: true,
  tags: given.NO_TAGS, tagged: false, namespace: undefined, forceFresh: false, signal: undefined,
}

/**
 * @param {unknown} options
 * @param {readonly string[]} [names] of the options it takes
 */
function settings(options, names = KNOWN) {
  const known = check.options(options, 'options', names)
  const { prefix = 'cache', namespace = 'default', name = namespace, jitter = 0, onError, migrate } = known
  check.key(namespace, 'options.namespace')
  check.key(name, 'options.name')
  if (onError !== undefined) check.callable(onError, 'options.onError')
  if (migrate !== undefined) check.callable(migrate, 'options.migrate')
  if (migrate !== undefined && known.schema === undefined) throw typeError('options.migrate needs options.schema')
  return {
    ...known,
    prefix,
    namespace,
    name,
    jitter: given.jitter(jitter),
    leaseMs: lease(known.leaseMs),
    compressFrom: compressFrom(known.compress),
    plan: Object.freeze(given.planOf(Object.fromEntries(given.OF_CACHE.map((option) => [option, known[option]])), DEFAULTS)),
  }
}

/** @param {unknown} value */
function lease(value) {
  if (value === undefined) return 10_000
  const ms = check.duration(value, 'options.leaseMs')
  if (ms > LONGEST_LEASE_MS) throw rangeError(`options.leaseMs must be at most ${LONGEST_LEASE_MS} ms, got ${ms}`)
  return ms
}

/**
 * From how many bytes on values are compressed; 0 for never.
 * @param {unknown} value
 */
function compressFrom(value) {
  if (value === undefined || value === false) return 0
  if (value === true) return COMPRESS_FROM
  if (typeof value !== 'object') throw typeError(`options.compress must be a boolean or an object, got ${kindOf(value)}`)
  const { fromBytes = COMPRESS_FROM } = check.options(value, 'options.compress', ['fromBytes'])
  return check.integer(fromBytes, 'options.compress.fromBytes', 1, 64 * 1024 * 1024)
}

module.exports = { settings, KNOWN }
