'use strict'

// What a URL says of a server.

const { typeError, rangeError, kindOf } = require('./errors')
const { parseAddresses } = require('./topology')

const NO_URL = 'options.url is not a URL; expected redis://[[user]:password@]host[:port][/db]'

/**
 * The parts of a URL. Its text may hold a password, so no message repeats it.
 * @param {unknown} text
 */
function parseUrl(text) {
  if (typeof text !== 'string') throw typeError(`options.url must be a string, got ${kindOf(text)}`)
  // A URL has one host, and here may be several.
  const [, scheme, before = '', hosts = '', after = ''] = /^([a-z]+\+(?:cluster|sentinel):\/\/)([^/?#]*@)?([^/?#@]*)(.*)$/is.exec(text) ?? []
  let url
  try {
    url = new URL(scheme === undefined ? text : `${scheme}${before}several${after}`)
  } catch {
    throw typeError(NO_URL)
  }
  const parts = { ...credentials(url) }
  switch (url.protocol) {
    case 'redis:':
    case 'valkey:':
    case 'rediss:':
    case 'valkeys:':
      rejectQuery(url, [])
      return { ...parts, ...tlsOf(url), host: hostOf(url), ...portOf(url), ...dbOf(url.pathname.slice(1)) }
    case 'redis+unix:':
    case 'unix:':
      rejectQuery(url, ['db'])
      if (url.pathname === '' || url.pathname === '/') throw typeError('options.url names no socket; expected redis+unix:///path/to.sock')
      return { ...parts, path: socketOf(url), ...dbOf(url.searchParams.get('db') ?? '') }
    case 'redis+cluster:':
    case 'rediss+cluster:':
    case 'valkey+cluster:':
    case 'valkeys+cluster:':
      rejectQuery(url, [])
      if (url.pathname.length > 1) throw typeError('options.url: a cluster has one database, so no path may follow the hosts')
      return { ...parts, ...tlsOf(url), cluster: { nodes: parseAddresses(hosts) } }
    case 'redis+sentinel:':
    case 'rediss+sentinel:':
    case 'valkey+sentinel:':
    case 'valkeys+sentinel:':
      rejectQuery(url, [])
      return { ...parts, ...tlsOf(url), sentinels: parseAddresses(hosts), ...masterOf(url) }
    default:
      // Without a scheme, its place is taken by the user's name.
      if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) throw typeError(NO_URL)
      throw typeError(`options.url: ${url.protocol}// is not known; expected redis://, rediss://, redis+cluster://, redis+sentinel://, redis+unix:// or embedded://`)
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

/**
 * `/name` or `/name/db`.
 * @param {URL} url
 */
function masterOf(url) {
  const [, name, db = '', ...rest] = url.pathname.split('/')
  if (!name || rest.length > 0) throw typeError('options.url names no master; expected redis+sentinel://host[:port][,…]/name[/db]')
  const database = dbOf(db)
  try {
    return { name: decodeURIComponent(name), ...database }
  } catch {
    throw typeError("options.url: the master's name must be percent-encoded")
  }
}

/** @param {URL} url */
function tlsOf(url) {
  return asksForTls(url.protocol) ? { tls: true } : {}
}

/**
 * Whether a URL asks for TLS.
 * @param {string} text
 */
function asksForTls(text) {
  return /^\s*(rediss|valkeys)[:+]/i.test(text)
}

/** @param {URL} url */
function hostOf(url) {
  if (url.hostname === '') throw typeError('options.url names no host; expected redis://host[:port][/db]')
  return url.hostname.replace(/^\[(.*)\]$/, '$1')
}

/** @param {URL} url */
function socketOf(url) {
  try {
    return decodeURIComponent(url.pathname)
  } catch {
    throw typeError('options.url: the path must be percent-encoded')
  }
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
    if (known.includes(name)) continue
    // What stands behind a bare question mark may be the rest of a password.
    if (url.search.includes('@') || !/^\w{1,32}$/.test(name)) throw typeError('options.url has parameters that are not known; user name and password must be percent-encoded')
    throw typeError(`options.url: the parameter '${name}' is not known`)
  }
}

module.exports = { asksForTls, parseUrl }
