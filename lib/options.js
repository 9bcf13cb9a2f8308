'use strict'

// The options of a client: a URL and an object become what the native core takes.

const check = require('./check')
const { typeError, rangeError } = require('./errors')
const { toNativeTls } = require('./options/tls')
const topology = require('./topology')
const { asksForTls, parseUrl } = require('./url')

const KNOWN = /** @type {const} */ ([
  'url', ...topology.SINGLE, ...topology.SENTINEL, ...topology.CLUSTER, 'tls', 'username', 'password', 'credentials', 'db', 'connectionName',
  'protocol', 'connectTimeout', 'commandTimeout', 'maxPending', 'poolSize', 'reconnect', 'watchdogMs', 'keepAlive', 'breaker',
])

const DEFAULTS = {
  masterName: '',
  scaleReads: 'master',
  nat: /** @type {string[]} */ ([]),
  poolSize: 1,
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

const MOST_CONNECTIONS = 64

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
  if (options.credentials !== undefined) {
    check.callable(options.credentials, 'options.credentials')
    if (options.username !== undefined || options.password !== undefined) {
      throw typeError('options.credentials excludes options.username and options.password')
    }
  }
  return defined(options)
}

/** What a URL says, and so what another one replaces. */
const BY_URL = /** @type {const} */ ([
  'url', ...topology.SINGLE, ...topology.SENTINEL, ...topology.CLUSTER, 'tls', 'username', 'password', 'credentials', 'db',
])

/**
 * Options of one client over those of another. An address replaces an address: a socket's path does not outlive a host given over it, nor a
 * host a URL, nor sentinels a cluster. TLS stays with a new address, lest passwords travel in the clear unasked; a URL says itself whether
 * there is TLS, and a socket has none. Credentials of one kind replace those of the other.
 * @param {import('../index').RedisOptions} base
 * @param {import('../index').RedisOptions} over
 * @returns {import('../index').RedisOptions}
 */
function merge(base, over) {
  /** @type {Record<string, any>} */
  const kept = { ...base }
  /** @type {(names: readonly string[]) => void} */
  const drop = (names) => names.forEach((name) => delete kept[name])
  if (over.url !== undefined) drop(BY_URL)
  else if (over.sentinels !== undefined) drop(['url', ...topology.SINGLE, ...topology.CLUSTER])
  else if (over.cluster?.nodes !== undefined) drop(['url', ...topology.SINGLE, ...topology.SENTINEL])
  else if (topology.SINGLE.some((name) => over[name] !== undefined)) {
    drop([...topology.SENTINEL, ...topology.CLUSTER, ...(topology.isOfMany(base.url) ? ['url'] : [])])
    drop(over.path !== undefined ? ['host', 'port', 'tls'] : ['path'])
  }
  if (over.url === undefined && kept.path === undefined && over.path === undefined && asksForTls(base.url ?? '')) kept.tls ??= true
  if (over.credentials !== undefined) drop(['username', 'password'])
  if (over.username !== undefined || over.password !== undefined) drop(['credentials'])
  const cluster = kept.cluster && over.cluster ? { cluster: { ...kept.cluster, ...over.cluster } } : {}
  return { ...kept, ...over, ...cluster }
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
  const byUrl = options.url === undefined || isEmbeddedUrl(options.url) ? {} : parseUrl(options.url)
  /** @type {Record<string, any>} */
  const given = { ...byUrl, ...defined(options) }
  for (const name of /** @type {const} */ (['tls', 'credentials', 'port', ...topology.SENTINEL, ...topology.CLUSTER])) {
    if (isEmbedded(options) && options[name]) throw typeError(`options.${name} is of no use with embedded://`)
  }
  if (byUrl.cluster && given.cluster !== byUrl.cluster) {
    given.cluster = { ...byUrl.cluster, ...check.options(given.cluster, 'options.cluster', topology.OF_CLUSTER) }
  }
  // An option stands over the URL, the path of a socket among them.
  if (options.path === undefined && (options.host !== undefined || options.port !== undefined)) delete given.path
  const native = {
    ...DEFAULTS,
    ...topology.toNative(given, topology.modeOf(given)),
    tls: toNativeTls(options.tls, byUrl.tls === true, given.path !== undefined),
    asksCredentials: given.credentials !== undefined,
  }
  /** @type {(name: string) => void} */
  const copyString = (name) => {
    if (given[name] === undefined) return
    check.string(given[name], `options.${name}`)
    Object.assign(native, { [name]: given[name] })
  }
  for (const name of ['path', 'username', 'password', 'connectionName']) copyString(name)
  // Without one the server would take us for its default user.
  if (given.username !== undefined && given.password === undefined) Object.assign(native, { password: '' })
  if (!/^[!-~]*$/.test(given.connectionName ?? '')) throw typeError('options.connectionName must hold no spaces and printable ASCII only')
  if (given.path === '') throw typeError('options.path must not be empty')
  if (given.poolSize !== undefined) native.poolSize = check.integer(given.poolSize, 'options.poolSize', 1, MOST_CONNECTIONS)
  checkSocketPath(given.path ?? '')
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
 * What the address of a socket has room for, behind which no system looks.
 * @param {string} path
 */
function checkSocketPath(path) {
  const longest = process.platform === 'linux' ? 107 : 103
  const bytes = Buffer.byteLength(path)
  if (bytes > longest) throw rangeError(`options.path must be at most ${longest} bytes, got ${bytes}`)
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
