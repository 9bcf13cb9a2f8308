'use strict'

// Where the servers are: one, the sentinels of a master, or the nodes of a cluster.

const check = require('./check')
const { typeError, rangeError, kindOf } = require('./errors')

const SCALE_READS = ['master', 'replica', 'all']
const SENTINEL_PORT = 26379
const PORT = 6379

/** Options that say where a server is; one kind excludes the others. */
const SINGLE = /** @type {const} */ (['host', 'port', 'path'])
const SENTINEL = /** @type {const} */ (['sentinels', 'name', 'sentinelUsername', 'sentinelPassword'])
const CLUSTER = /** @type {const} */ (['cluster'])
const OF_CLUSTER = ['nodes', 'scaleReads', 'natMap']

/** @typedef {'single' | 'sentinel' | 'cluster'} Mode */

/**
 * @param {Record<string, any>} given
 * @returns {Mode}
 */
function modeOf(given) {
  const kinds = /** @type {const} */ ([['single', SINGLE], ['sentinel', SENTINEL], ['cluster', CLUSTER]])
  const named = kinds.flatMap(([mode, names]) => names.filter((name) => given[name] !== undefined).slice(0, 1).map((name) => ({ mode, name })))
  if (named.length > 1) throw typeError(`options.${named[1].name} excludes options.${named[0].name}`)
  return named[0]?.mode ?? 'single'
}

/**
 * Whether a URL names sentinels or a cluster.
 * @param {string | undefined} url
 */
function isOfMany(url) {
  return url !== undefined && /^[a-z]+\+(cluster|sentinel):/i.test(url)
}

/**
 * The native options of the topology.
 * @param {Record<string, any>} given checked for exclusion
 * @param {Mode} mode
 */
function toNative(given, mode) {
  switch (mode) {
    case 'sentinel':
      return sentinel(given)
    case 'cluster':
      if (given.db !== undefined && given.db !== 0) throw rangeError('options.db must be 0: a cluster has one database')
      return cluster(given.cluster)
    default: {
      if (given.host !== undefined) host(given.host, 'options.host')
      const port = given.port === undefined ? PORT : check.integer(given.port, 'options.port', 1, 65535)
      return { topology: 'single', addresses: [`${given.host ?? '127.0.0.1'}:${port}`] }
    }
  }
}

/** @param {Record<string, any>} given */
function sentinel(given) {
  const addresses = addressList(given.sentinels, 'options.sentinels', SENTINEL_PORT)
  check.key(given.name, 'options.name')
  for (const name of /** @type {const} */ (['sentinelUsername', 'sentinelPassword'])) {
    if (given[name] !== undefined) check.string(given[name], `options.${name}`)
  }
  const { sentinelUsername, sentinelPassword = sentinelUsername === undefined ? undefined : '' } = given
  return { topology: 'sentinel', addresses, masterName: given.name, sentinelUsername, sentinelPassword }
}

/** @param {unknown} given */
function cluster(given) {
  const { nodes, scaleReads = 'master', natMap } = check.options(given, 'options.cluster', OF_CLUSTER)
  const addresses = addressList(nodes, 'options.cluster.nodes', PORT)
  if (!SCALE_READS.includes(scaleReads)) {
    throw typeError(`options.cluster.scaleReads must be one of ${SCALE_READS.map((name) => `'${name}'`).join(', ')}`)
  }
  return { topology: 'cluster', addresses, scaleReads, nat: natMap === undefined ? [] : nat(natMap) }
}

/** @param {unknown} natMap */
function nat(natMap) {
  if (natMap === null || typeof natMap !== 'object' || Array.isArray(natMap)) {
    throw typeError(`options.cluster.natMap must be an object, got ${kindOf(natMap)}`)
  }
  return Object.entries(natMap).flatMap(([from, to]) => {
    if (!/^.+:\d{1,5}$/.test(from)) throw typeError("options.cluster.natMap: each key must be an address, 'host:port'")
    return [from, address(to, `options.cluster.natMap['${from}']`, PORT)]
  })
}

/**
 * @param {unknown} list
 * @param {string} name
 * @param {number} port
 */
function addressList(list, name, port) {
  if (!Array.isArray(list)) throw typeError(`${name} must be an array of { host, port }, got ${kindOf(list)}`)
  if (list.length === 0) throw typeError(`${name} must not be empty`)
  return list.map((one, i) => address(one, `${name}[${i}]`, port))
}

/**
 * @param {unknown} given
 * @param {string} name
 * @param {number} usual the port where none is given
 */
function address(given, name, usual) {
  if (given === undefined) throw typeError(`${name} must be { host, port }, got undefined`)
  const { host: to, port = usual } = check.options(given, name, ['host', 'port'])
  host(to, `${name}.host`)
  return `${to}:${check.integer(port, `${name}.port`, 1, 65535)}`
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function host(value, name) {
  check.string(value, name)
  if (value === '') throw typeError(`${name} must not be empty`)
}

/**
 * The addresses in a URL: `host:port,host:port`.
 * @param {string} text
 * @returns {{ host: string, port?: number }[]}
 */
function parseAddresses(text) {
  return text.split(',').map((one) => {
    const parts = /^(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(one)
    if (parts === null) throw typeError('options.url names no host; expected host[:port] with commas between several')
    const [, host, port] = parts
    return { host: host.replace(/^\[(.*)\]$/, '$1'), ...(port !== undefined && { port: Number(port) }) }
  })
}

module.exports = { modeOf, toNative, isOfMany, parseAddresses, SINGLE, SENTINEL, CLUSTER, OF_CLUSTER }
