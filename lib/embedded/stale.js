'use strict'

const { once } = require('node:events')
const fs = require('node:fs/promises')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')

/** Containers may share a temporary folder and not see each other's processes; what is young may be just starting there. */
const MIN_AGE_MS = 60_000

/**
 * Removes the folders of processes that ended so hard, together with all that belonged to them, that nothing was left to do it.
 */
async function removeStaleFolders() {
  const parent = os.tmpdir()
  const names = await fs.readdir(parent).catch(() => [])
  await Promise.all(
    names.map(async (name) => {
      const owner = /^redwright-(\d+)-\w{6}$/.exec(name)
      if (owner === null || isRunning(Number(owner[1]))) return
      const folder = path.join(parent, name)
      // Another process may do the same at the same time, and the folder may be another user's.
      if (await isStale(folder).catch(() => false)) await fs.rm(folder, { recursive: true, force: true }).catch(() => {})
    }),
  )
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH'
  }
}

/** @param {string} folder */
async function isStale(folder) {
  const stat = await fs.lstat(folder)
  const mine = stat.uid === (process.getuid?.() ?? stat.uid)
  return stat.isDirectory() && mine && Date.now() - stat.mtimeMs > MIN_AGE_MS && !(await accepts(path.join(folder, 'redis.sock')))
}

/** @param {string} socket */
async function accepts(socket) {
  const connection = net.connect(socket)
  try {
    await once(connection, 'connect')
    return true
  } catch {
    return false
  } finally {
    connection.destroy()
  }
}

module.exports = { removeStaleFolders }
