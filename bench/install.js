'use strict'

const { spawnSync } = require('node:child_process')
const { existsSync } = require('node:fs')
const path = require('node:path')

/** Installs the peers where they are not yet there, so that one command is enough. */
function installPeers() {
  if (existsSync(path.join(__dirname, 'node_modules', '.package-lock.json'))) return
  console.error('installing the peers into bench/node_modules …')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--prefix', __dirname], {
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error("'npm ci --prefix bench' failed; its words are above")
}

module.exports = { installPeers }
