'use strict'

const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { LOOPBACK, newPassword, urlOf } = require('./place')

/** @typedef {typeof import('js-redis-server/core')} Core */

/**
 * Starts `js-redis-server` in this thread; `null` where it is not installed.
 * @param {import('../../testing').StartServerOptions} options
 * @returns {Promise<import('../../testing').TestServer | null>}
 */
async function startFallback({ port = 0, args = [] }) {
  const entry = resolve()
  if (entry === null) return null
  if (args.length > 0) throw new Error('The option args of startServer is for a server program, and js-redis-server takes none')
  /** @type {Core} */
  const { RedisServerState, Resp2Server, createRedisCommandExecutor } = require(entry)
  const password = newPassword()
  const state = new RedisServerState({ databaseCount: 16, requirepass: password })
  const { server: listener } = new Resp2Server({ server: state, executor: createRedisCommandExecutor() })

  /** @type {Set<import('node:net').Socket>} */
  const connections = new Set()
  listener.on('connection', (socket) => {
    // Who waits for a reply keeps the process alive by itself; the server's half of the connection must not.
    socket.unref()
    // It writes each reply by itself: the second of two would wait until the first is acknowledged, some 40 ms.
    socket.setNoDelay(true)
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })

  // Its own `listen` opens the port on every interface of the machine.
  listener.listen({ host: LOOPBACK, port })
  await once(listener, 'listening')
  listener.unref()
  const address = /** @type {import('node:net').AddressInfo} */ (listener.address())

  async function close() {
    const closed = once(listener, 'close')
    listener.close()
    for (const socket of connections) socket.destroy()
    await closed
    state.close()
  }
  /** @type {Promise<void> | undefined} */
  let stopped
  const stop = () => (stopped ??= close())
  const version = versionOf(entry)
  return {
    url: urlOf({ port: address.port, password }),
    description: `js-redis-server ${version} (in this process: slower than a real server, and without client tracking)`,
    product: 'js-redis-server',
    version,
    host: LOOPBACK,
    port: address.port,
    pid: process.pid,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** @returns {string | null} */
function resolve() {
  try {
    return require.resolve('js-redis-server/core')
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'MODULE_NOT_FOUND') return null
    throw error
  }
}

/**
 * Its `exports` do not give its package.json away.
 * @param {string} entry a file in its `dist` folder
 * @returns {string}
 */
function versionOf(entry) {
  return JSON.parse(fs.readFileSync(path.join(path.dirname(entry), '..', 'package.json'), 'utf8')).version
}

module.exports = { startFallback }
