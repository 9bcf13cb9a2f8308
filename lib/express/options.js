'use strict'

// The options of the middleware, checked and completed.

const check = require('../check')
const { typeError } = require('../errors')
const { algorithmOf, period: periodOf, policyName, MOST: MOST_UNITS } = require('../limit/policy')
const { subnetOf } = require('./client-key')
const { formatsOf, unitOf } = require('./headers')
const { callback, flag } = require('./optional')
const { policiesOf } = require('./policies')

/** @typedef {import('./policies').Checked} Policy */

const KNOWN = /** @type {const} */ ([
  'limit', 'window', 'algorithm', 'name', 'policies', 'keyGenerator', 'cost', 'skip', 'onLimited', 'skipFailedRequests', 'skipSuccessfulRequests',
  'requestWasSuccessful', 'headers', 'unit', 'statusCode', 'degradedStatusCode', 'ipv6Subnet', 'trustProxyCheck',
])

/** Refused for what a client did, and for what this side cannot do just now. */
const STATUS = { limited: 429, degraded: 503 }

/** @param {unknown} given */
function planOf(given) {
  if (given === undefined) throw typeError('options must hold limit and window, or policies, got undefined')
  const options = check.options(given, 'options', KNOWN)
  if (options.name !== undefined) policyName(options.name, 'options.name')
  return {
    policies: options.policies === undefined ? shortForm(options) : richForm(options),
    /** @type {string} */
    prefix: options.name === undefined ? '' : `${options.name}:`,
    keyGenerator: callback(options, 'keyGenerator'),
    cost: costOf(options.cost),
    skip: callback(options, 'skip'),
    onLimited: callback(options, 'onLimited'),
    skipFailed: flag(options, 'skipFailedRequests', false),
    skipSuccessful: flag(options, 'skipSuccessfulRequests', false),
    wasSuccessful: callback(options, 'requestWasSuccessful') ?? ((/** @type {any} */ _req, /** @type {any} */ res) => res.statusCode < 400),
    formats: formatsOf(options.headers),
    unit: unitOf(options.unit),
    status: statusOf(options, 'statusCode', STATUS.limited),
    degradedStatus: statusOf(options, 'degradedStatusCode', STATUS.degraded),
    subnet: subnetOf(options.ipv6Subnet),
    trustProxyCheck: flag(options, 'trustProxyCheck', true),
  }
}

/**
 * Clients of express-rate-limit know windows that begin with the first request and end all at once: so does this, unless told otherwise.
 * @param {any} options
 * @returns {(req: any, res: any) => Policy[] | Promise<Policy[]>}
 */
function shortForm({ limit, window, algorithm = 'fixedWindow', name }) {
  if (limit === undefined && window === undefined) throw typeError('options must hold limit and window, or policies')
  const isDynamic = typeof limit === 'function'
  if (!isDynamic) check.integer(limit, 'options.limit', 0, MOST_UNITS)
  const period = periodOf(window, 'options.window', 1000)
  algorithmOf(algorithm, 'options.algorithm')
  const policy = { name: name ?? nameOf(isDynamic ? undefined : limit, period), period, algorithm }
  if (!isDynamic) return fixed([{ ...policy, limit }])
  return async (req, res) => [{ ...policy, limit: check.integer(await limit(req, res), 'options.limit()', 0, MOST_UNITS) }]
}

/** @param {Policy[]} policies */
function fixed(policies) {
  return () => policies
}

/**
 * @param {any} options
 * @returns {(req: any, res: any) => Policy[] | Promise<Policy[]>}
 */
function richForm(options) {
  for (const other of ['limit', 'window', 'algorithm']) {
    if (options[other] !== undefined) throw typeError(`options.policies excludes options.${other}, which each policy says for itself`)
  }
  const { policies } = options
  if (typeof policies !== 'function') return fixed(policiesOf(policies, 'options.policies'))
  return async (req, res) => policiesOf(await policies(req, res), 'options.policies()')
}

/** @type {[string, number][]} */
const UNITS = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1000], ['ms', 1]]

/**
 * A limit that has no name gets one that tells it from others: 5 a minute for logins shall not be used up by what counts 100 a minute.
 * @param {number | undefined} limit
 * @param {number} periodMs
 */
function nameOf(limit, periodMs) {
  const [unit, ms] = /** @type {[string, number]} */ (UNITS.find(([, ms]) => periodMs % ms === 0))
  return `limit${limit === undefined ? '' : `-${limit}`}-in-${periodMs / ms}${unit}`
}

/**
 * @param {unknown} cost
 * @returns {(req: any, res: any) => number | Promise<number>}
 */
function costOf(cost) {
  if (typeof cost === 'function') return async (req, res) => check.integer(await cost(req, res), 'options.cost()', 1, MOST_UNITS)
  const units = cost === undefined ? 1 : check.integer(cost, 'options.cost', 1, MOST_UNITS)
  return () => units
}

/**
 * @param {any} options
 * @param {string} name
 * @param {number} otherwise
 */
function statusOf(options, name, otherwise) {
  return options[name] === undefined ? otherwise : check.integer(options[name], `options.${name}`, 400, 599)
}

module.exports = { planOf }
