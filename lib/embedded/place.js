'use strict'

const { randomBytes } = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs/promises')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')

/** The host of every server that has a port. */
const LOOPBACK = '127.0.0.1'

/** `sockaddr_un` holds 108 bytes on Linux and 104 on macOS, its terminator among them. */
const MAX_SOCKET_PATH = 100

/**
 * Where a server is to be found: at a unix socket that only this user can reach, or at a loopback port, which all users of the
 * machine can reach and which therefore takes a password.
 * @typedef {{ folder: string, path: string }} SocketPlace
 * @typedef {{ folder?: string, port: number, password: string }} PortPlace
 * @typedef {SocketPlace | PortPlace} Place
 */

/**
 * @param {{ tcp?: boolean, port?: number }} options
 * @returns {Promise<Place>}
 */
async function choosePlace({ tcp = false, port }) {
  const folder = await makeFolder()
  if (!tcp && port === undefined && folder !== undefined && process.platform !== 'win32') {
    const socket = path.join(folder, 'redis.sock')
    if (Buffer.byteLength(socket) <= MAX_SOCKET_PATH && (await canListen(socket))) return { folder, path: socket }
  }
  try {
    return { folder, port: await freePort(port), password: newPassword() }
  } catch (error) {
    await removeFolder(folder)
    throw error
  }
}

/** A folder that only this user can enter, named after this process; nothing where the temporary folder cannot be used. */
async function makeFolder() {
  try {
    return await fs.mkdtemp(path.join(os.tmpdir(), `redwright-${process.pid}-`))
  } catch {
    return undefined
  }
}

/** @param {string | undefined} folder */
async function removeFolder(folder) {
  if (folder !== undefined) await fs.rm(folder, { recursive: true, force: true })
}

/**
 * Some file systems hold files and no sockets.
 * @param {string} socket
 */
async function canListen(socket) {
  return listenOnce({ path: socket }).then(
    () => true,
    () => false,
  )
}

/** @param {number} [wanted] */
async function freePort(wanted = 0) {
  const address = /** @type {net.AddressInfo} */ (await listenOnce({ host: LOOPBACK, port: wanted }))
  return address.port
}

/** @param {net.ListenOptions} options */
async function listenOnce(options) {
  const listener = net.createServer().listen(options)
  await once(listener, 'listening')
  const address = listener.address()
  listener.close()
  await once(listener, 'close')
  return address
}

function newPassword() {
  return randomBytes(16).toString('hex')
}

/** @param {Place} place */
function urlOf(place) {
  if ('path' in place) return `redis+unix://${place.path.split('/').map(encodeURIComponent).join('/')}`
  return `redis://:${place.password}@${LOOPBACK}:${place.port}`
}

module.exports = { LOOPBACK, choosePlace, freePort, newPassword, removeFolder, urlOf }
