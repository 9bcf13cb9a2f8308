'use strict'

// The options of a client: a URL and an object become what the native core takes.

const check = require('./check')
const { typeError, rangeError, kindOf } = require('./errors')

const KNOWN = /** @type {const} */ ([
  'url', 'host', 'port', 'path', 'username', 'password', 'db', 'connectionName', 'protocol', 'connectTimeout',
  'commandTimeout', 'maxPending', 'reconnect', 'watchdogMs', 'keepAlive',
])

const DEFAULTS = {
  host: '127.0.0.1',
  port: 6379,
  path: '',
  db: 0,
  protocol: 3,
  connectTimeout: 5000,
  commandTimeout: 2000,
  maxPending: 65536,
  reconnectMin: 50,
  reconnectMax: 3000,
  watchdog: 2000,
  keepAlive: 30000,
}

/** The URL of the private server of this process, which has to be started first. */
const EMBEDDED = 'embedded://'

/**
 * Options as the user gave them, a URL among them, as one checked object.
 * @param {string | import('../index').RedisOptions | undefined} given
 * @returns {import('../index').RedisOptions}
 */
function normalise(given) {
  const options = typeof given === 'string' ? { url: given } : check.options(given, 'options', KNOWN)
  if (options.path !== undefined && (options.host !== undefined || options.port !== undefined)) {
    throw typeError('options.path excludes options.host and options.port')
  }
  return { ...options }
}

/**
 * Whether the server is the private one of this process.
 * @param {import('../index').RedisOptions} options
 */
function isEmbedded(options) {
  return typeof options.url === 'string' && options.url.startsWith(EMBEDDED) && options.host === undefined && options.path === undefined
}

/**
 * What the native core takes.
 * @param {import('../index').RedisOptions} options
 * @returns {import('../binding').NativeOptions}
 */
function toNative(options) {
  /** @type {Record<string, any>} */
  const given = { ...(options.url === undefined || isEmbedded(options) ? {} : parseUrl(options.url)), ...defined(options) }
  const native = { ...DEFAULTS }
  /** @type {(name: string) => void} */
  const copyString = (name) => {
    if (given[name] === undefined) return
    check.string(given[name], `options.${name}`)
    Object.assign(native, { [name]: given[name] })
  }
  for (const name of ['host', 'path', 'username', 'password', 'connectionName']) copyString(name)
  if (given.host !== undefined && given.host === '') throw typeError('options.host must not be empty')
  if (given.port !== undefined) native.port = check.integer(given.port, 'options.port', 1, 65535)
  if (given.db !== undefined) native.db = check.integer(given.db, 'options.db', 0, 255)
  if (given.protocol !== undefined) native.protocol = check.integer(given.protocol, 'options.protocol', 2, 3)
  if (given.maxPending !== undefined) native.maxPending = check.integer(given.maxPending, 'options.maxPending', 1, 1_000_000)
  if (given.connectTimeout !== undefined) native.connectTimeout = check.duration(given.connectTimeout, 'options.connectTimeout')
  if (given.commandTimeout !== undefined) native.commandTimeout = check.duration(given.commandTimeout, 'options.commandTimeout')
  if (given.watchdogMs !== undefined) native.watchdog = check.duration(given.watchdogMs, 'options.watchdogMs')
  if (given.keepAlive !== undefined) native.keepAlive = check.duration(given.keepAlive, 'options.keepAlive')
  const reconnect = check.options(given.reconnect, 'options.reconnect', ['minMs', 'maxMs'])
  if (reconnect.minMs !== undefined) native.reconnectMin = check.duration(reconnect.minMs, 'options.reconnect.minMs')
  if (reconnect.maxMs !== undefined) native.reconnectMax = check.duration(reconnect.maxMs, 'options.reconnect.maxMs')
  if (native.reconnectMin > native.reconnectMax) {
    throw rangeError(`options.reconnect.minMs must not exceed maxMs (${native.reconnectMin} > ${native.reconnectMax})`)
  }
  return native
}

/**
 * @param {import('../index').RedisOptions} options
 * @returns {Record<string, any>}
 */
function defined(options) {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

/**
 * The parts of a URL. Its text may hold a password, so no message repeats it.
 * @param {unknown} text
 */
function parseUrl(text) {
  if (typeof text !== 'string') throw typeError(`options.url must be a string, got ${kindOf(text)}`)
  let url
  try {
    url = new URL(text)
  } catch {
    throw typeError('options.url is not a URL; expected redis://[[user]:password@]host[:port][/db]')
  }
  const parts = { ...credentials(url) }
  switch (url.protocol) {
    case 'redis:':
    case 'valkey:':
      rejectQuery(url, [])
      return { ...parts, host: hostOf(url), ...portOf(url), ...dbOf(url.pathname.slice(1)) }
    case 'redis+unix:':
    case 'unix:':
      rejectQuery(url, ['db'])
      if (url.pathname === '' || url.pathname === '/') throw typeError('options.url names no socket; expected redis+unix:///path/to.sock')
      return { ...parts, path: decodeURIComponent(url.pathname), ...dbOf(url.searchParams.get('db') ?? '') }
    case 'rediss:':
    case 'valkeys:':
    case 'redis+cluster:':
    case 'redis+sentinel:':
      throw typeError(`options.url: ${url.protocol}// is not supported by this version of Redwright`)
    default:
      throw typeError(`options.url: ${url.protocol}// is not known; expected redis://, valkey://, redis+unix:// or embedded://`)
  }
}

/** @param {URL} url */
function credentials(url) {
  try {
    return {
      ...(url.username && { username: decodeURIComponent(url.username) }),
      ...(url.password && { password: decodeURIComponent(url.password) }),
    }
  } catch {
    throw typeError('options.url: user name and password must be percent-encoded')
  }
}

/** @param {URL} url */
function hostOf(url) {
  if (url.hostname === '') throw typeError('options.url names no host; expected redis://host[:port][/db]')
  return url.hostname.replace(/^\[(.*)\]$/, '$1')
}

/** @param {URL} url */
function portOf(url) {
  return url.port === '' ? {} : { port: Number(url.port) }
}

/** @param {string} text */
function dbOf(text) {
  if (text === '') return {}
  if (!/^\d{1,3}$/.test(text) || Number(text) > 255) throw rangeError('options.url: the database must be an integer from 0 to 255')
  return { db: Number(text) }
}

/**
 * @param {URL} url
 * @param {readonly string[]} known
 */
function rejectQuery(url, known) {
  for (const name of url.searchParams.keys()) {
    if (!known.includes(name)) throw typeError(`options.url: the parameter '${name}' is not known`)
  }
}

/**
 * Options from the environment: `REDIS_URL`, or `REDIS_HOST` and its siblings.
 * @param {NodeJS.ProcessEnv} env
 * @returns {import('../index').RedisOptions}
 */
function fromEnvironment(env) {
  if (env.REDIS_URL) return { url: env.REDIS_URL }
  /** @type {(name: string) => number | undefined} */
  const number = (name) => (env[name] ? Number(env[name]) : undefined)
  return {
    host: env.REDIS_HOST || undefined,
    port: number('REDIS_PORT'),
    username: env.REDIS_USERNAME || undefined,
    password: env.REDIS_PASSWORD || undefined,
    db: number('REDIS_DB'),
  }
}

module.exports = { normalise, isEmbedded, toNative, fromEnvironment }
