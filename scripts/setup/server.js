'use strict'

const { canInstall, installByApt } = require('./apt.js')
const { Failure } = require('./failure.js')
const { onPath } = require('./which.js')
// The finder of `embedded://` itself, so that the tests use what the product would.
const { findProgram } = require('../../lib/embedded/find.js')

/**
 * Makes sure of a real server for the tests: `REDWRIGHT_SERVER`, one on PATH, or Debian's package where we may install it.
 * @throws Failure with the command for this platform
 */
async function ensureServer() {
  if (find()) return
  if (canInstall()) await installByApt(['redis-server', 'valkey-server'])
  if (find()) return
  throw new Failure('The tests need a real Redis or Valkey server, and there is none on this machine.', {
    advice: `${howToInstall()}\nIt need not run: the tests start private ones. A server program elsewhere can be named by REDWRIGHT_SERVER=/path/to/redis-server.`,
  })
}

function find() {
  try {
    return findProgram()
  } catch (error) {
    throw new Failure(error.message, { advice: 'correct REDWRIGHT_SERVER, or unset it to use the server on PATH.' })
  }
}

const COMMANDS = [
  ['brew', 'brew install redis'],
  ['apt-get', 'sudo apt-get update && sudo apt-get install -y --no-install-recommends redis-server'],
  ['dnf', 'sudo dnf install -y valkey'],
  ['apk', 'sudo apk add redis'],
  ['pacman', 'sudo pacman -S valkey'],
  ['zypper', 'sudo zypper install redis'],
]

function howToInstall() {
  if (process.platform === 'win32') return 'run the tests inside WSL, where: sudo apt-get install -y redis-server'
  const known = COMMANDS.find(([tool]) => onPath(tool))
  return known ? known[1] : "install your system's package redis or valkey."
}

module.exports = { ensureServer }
