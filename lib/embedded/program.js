'use strict'

const { isMainThread } = require('node:worker_threads')
const native = require('../native')
const { askInfo } = require('./ask')
const { LOOPBACK, choosePlace, removeFolder, urlOf } = require('./place')
const { removeStaleFolders } = require('./stale')
const { until } = require('./until')

/** @typedef {import('./place').Place} Place */

/** How often another free port is tried when somebody took the one just found. */
const PORT_ATTEMPTS = 5

/** Elsewhere a server notices by itself that its process has ended. */
if (process.platform === 'win32' && isMainThread) process.once('exit', native.embeddedStopAll)

/** @type {Promise<void> | undefined} */
let swept

/**
 * @param {string} program an absolute path
 * @param {import('../../testing').StartServerOptions} options
 * @returns {Promise<import('../embedded').Started>}
 */
async function startProgram(program, options) {
  await (swept ??= removeStaleFolders())
  for (let attempt = 1; ; attempt++) {
    const place = await choosePlace(options)
    const { handle, info, output } = await launch(program, place, options.args ?? [])
    if (info !== undefined) return { server: describe(program, place, handle, info), handle }
    const raced = 'port' in place && options.port === undefined && /already in use/i.test(output)
    if (!raced || attempt === PORT_ATTEMPTS) throw new Error(`${program} ended before it answered:\n${output.trim()}`)
  }
}

/**
 * Starts it and waits until it answers or has ended.
 * @param {string} program
 * @param {Place} place
 * @param {readonly string[]} args
 * @returns {Promise<{ handle: number, info: Map<string, string>, output?: undefined } | { handle: number, info?: undefined, output: string }>}
 */
async function launch(program, place, args) {
  let handle
  try {
    handle = native.embeddedStart(program, settingsOf(place, args), inputOf(place), place.folder)
  } catch (error) {
    await removeFolder(place.folder)
    throw error
  }
  try {
    return await until(`Waiting for ${program} to answer`, async () => {
      const info = await askInfo(place)
      const output = native.embeddedEnded(handle)
      if (output === null) return info && { handle, info }
      await stop(place, handle)
      return { handle, output }
    })
  } catch (error) {
    await stop(place, handle)
    throw error
  }
}

/**
 * @param {Place} place
 * @param {readonly string[]} args
 */
function settingsOf(place, args) {
  const folder = place.folder === undefined ? [] : ['--dir', place.folder]
  const nothingKept = ['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction', ...folder, ...args]
  if ('path' in place) return [...nothingKept, '--port', '0', '--unixsocket', place.path, '--unixsocketperm', '700']
  return [...nothingKept, '--bind', LOOPBACK, '--port', String(place.port), '--protected-mode', 'yes', '-']
}

/**
 * The password goes by standard input, since all users of a machine can read command lines.
 * @param {Place} place
 */
function inputOf(place) {
  return 'path' in place ? '' : `requirepass ${place.password}\n`
}

/**
 * @param {Place} place
 * @param {number} handle
 */
async function stop(place, handle) {
  await until('Ending the server', () => native.embeddedStop(handle) || undefined)
  // Already gone where the server has a supervisor.
  await removeFolder(place.folder)
}

/**
 * @param {string} program
 * @param {Place} place
 * @param {number} handle
 * @param {Map<string, string>} info
 * @returns {import('../../testing').TestServer}
 */
function describe(program, place, handle, info) {
  // Valkey gives the Redis version that it is compatible with as `redis_version`.
  const valkey = info.get('valkey_version')
  const product = valkey === undefined ? 'redis-server' : 'valkey-server'
  const version = valkey ?? info.get('redis_version') ?? ''
  /** @type {Promise<void> | undefined} */
  let stopped
  const end = () => (stopped ??= stop(place, handle))
  return {
    url: urlOf(place),
    description: `${product} ${version} (${program})`,
    product,
    version,
    ...('path' in place ? { path: place.path } : { host: LOOPBACK, port: place.port }),
    pid: Number(info.get('process_id')),
    stop: end,
    [Symbol.asyncDispose]: end,
  }
}

module.exports = { startProgram }
