'use strict'

const fs = require('node:fs')
const { adviseOn } = require('./advice.js')
const { step } = require('./progress.js')
const { runQuietly } = require('./run.js')
const { onPath } = require('./which.js')

const POLICY = '/usr/sbin/policy-rc.d'
const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }

/** Whether this is Debian or a child of it, and we are root. */
function canInstall() {
  return process.platform === 'linux' && process.getuid?.() === 0 && onPath('apt-get') && /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(osRelease())
}

function osRelease() {
  try {
    return fs.readFileSync('/etc/os-release', 'utf8')
  } catch {
    return ''
  }
}

/**
 * Installs the first of these packages that this release of Debian has. Only the program is wanted: its service is neither
 * started now nor at the next boot.
 * @param {string[]} names
 */
async function installByApt(names) {
  await step(`Installing ${names[0]} with apt-get`, async (detail) => {
    const apt = (what, args) =>
      runQuietly(what, ['apt-get', '-o', 'DPkg::Lock::Timeout=120', ...args], { log: 'apt.log', env, onLine: detail, advise: adviseOn })
    // A list that cannot be fetched matters only if the package is not to be had either.
    await apt('apt-get update', ['update']).catch(() => {})
    await withoutServices(() => installFirst(names, apt))
    await disableServices(names)
  })
}

/** Not every release has every server: the first that can be had is enough. */
async function installFirst([name, ...others], apt) {
  try {
    await apt(`Installing ${name}`, ['install', '-y', '--no-install-recommends', name])
  } catch (error) {
    if (others.length === 0) throw error
    await installFirst(others, apt)
  }
}

/** Debian asks this file before a package starts its service; 101 means no. */
async function withoutServices(work) {
  if (fs.existsSync(POLICY)) return work()
  fs.writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    return await work()
  } finally {
    fs.rmSync(POLICY, { force: true })
  }
}

async function disableServices(names) {
  if (!fs.existsSync('/run/systemd/system')) return
  for (const name of names) {
    await runQuietly(`Disabling ${name}`, ['systemctl', 'disable', `${name}.service`], { log: 'systemctl.log' }).catch(() => {})
  }
}

module.exports = { canInstall, installByApt }
