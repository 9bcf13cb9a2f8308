'use strict'

// The options of a client: a URL and an object become what the native core takes.

const check = require('./check')
const { typeError, rangeError } = require('./errors')
const { parseUrl } = require('./url')

const KNOWN = /** @type {const} */ ([
  'url', 'host', 'port', 'path', 'username', 'password', 'db', 'connectionName', 'protocol', 'connectTimeout',
  'commandTimeout', 'maxPending', 'reconnect', 'watchdogMs', 'keepAlive', 'breaker',
])

const DEFAULTS = {
  host: '127.0.0.1',
  port: 6379,
  path: '',
  db: 0,
  protocol: 3,
  connectTimeout: 5000,
  commandTimeout: 2000,
  maxPending: 16384,
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
  return defined(options)
}

/** What says where the server is, and who asks. */
const ADDRESS = /** @type {const} */ (['url', 'host', 'port', 'path'])
const CREDENTIALS = /** @type {const} */ (['username', 'password'])

/**
 * Options of one client over those of another. An address replaces an address: a socket's path does not outlive a host given over it, nor a
 * host a URL.
 * @param {import('../index').RedisOptions} base
 * @param {import('../index').RedisOptions} over
 * @returns {import('../index').RedisOptions}
 */
function merge(base, over) {
  const kept = { ...base }
  if (over.url !== undefined) for (const name of [...ADDRESS, ...CREDENTIALS, /** @type {const} */ ('db')]) delete kept[name]
  if (over.path !== undefined) for (const name of /** @type {const} */ (['host', 'port'])) delete kept[name]
  if (over.host !== undefined || over.port !== undefined) delete kept.path
  return { ...kept, ...over }
}

/** @param {unknown} url */
function isEmbeddedUrl(url) {
  return typeof url === 'string' && url.startsWith(EMBEDDED)
}

/**
 * Whether the server is the private one of this process.
 * @param {import('../index').RedisOptions} options
 */
function isEmbedded(options) {
  return isEmbeddedUrl(options.url) && options.host === undefined && options.path === undefined
}

/**
 * What the native core takes.
 * @param {import('../index').RedisOptions} options
 * @returns {import('../binding').NativeOptions}
 */
function toNative(options) {
  /** @type {Record<string, any>} */
  const given = { ...(options.url === undefined || isEmbeddedUrl(options.url) ? {} : parseUrl(options.url)), ...defined(options) }
  // An option stands over the URL, the path of a socket among them.
  if (options.path === undefined && (options.host !== undefined || options.port !== undefined)) delete given.path
  const native = { ...DEFAULTS }
  /** @type {(name: string) => void} */
  const copyString = (name) => {
    if (given[name] === undefined) return
    check.string(given[name], `options.${name}`)
    Object.assign(native, { [name]: given[name] })
  }
  for (const name of ['host', 'path', 'username', 'password', 'connectionName']) copyString(name)
  // Without one the server would take us for its default user.
  if (given.username !== undefined && given.password === undefined) Object.assign(native, { password: '' })
  if (!/^[!-~]*$/.test(given.connectionName ?? '')) throw typeError('options.connectionName must hold no spaces and printable ASCII only')
  if (given.path === '') throw typeError('options.path must not be empty')
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
 * Options from the environment: `REDIS_URL`, or `REDIS_HOST` and its siblings.
 * @param {NodeJS.ProcessEnv} env
 * @returns {import('../index').RedisOptions}
 */
function fromEnvironment(env) {
  if (env.REDIS_URL) return { url: env.REDIS_URL }
  /** @type {(name: string, most: number) => number | undefined} */
  const number = (name, most) => (env[name] ? check.integer(Number(env[name]), `the environment's ${name}`, 0, most) : undefined)
  return {
    host: env.REDIS_HOST || undefined,
    port: number('REDIS_PORT', 65535),
    username: env.REDIS_USERNAME || undefined,
    password: env.REDIS_PASSWORD || undefined,
    db: number('REDIS_DB', 255),
  }
}

module.exports = { normalise, merge, isEmbedded, toNative, fromEnvironment }
