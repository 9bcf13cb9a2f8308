'use strict'

// What a URL says of a server.

const { typeError, rangeError, kindOf } = require('./errors')

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
    case 'redis+sentinel:':
      throw typeError(`options.url: ${url.protocol}// is not supported by this version of Redwright`)
    default:
      throw typeError(`options.url: ${url.protocol}// is not known; expected redis://, rediss://, valkey://, valkeys://, redis+unix:// or embedded://`)
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
function tlsOf(url) {
  return url.protocol === 'rediss:' || url.protocol === 'valkeys:' ? { tls: true } : {}
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
    if (!known.includes(name)) throw typeError(`options.url: the parameter '${name}' is not known`)
  }
}

module.exports = { parseUrl }
