'use strict'

const path = require('node:path')
const fs = require('node:fs')
const { adviseOn } = require('./advice.js')
const { ROOT, tryReadJson } = require('./paths.js')
const { step } = require('./progress.js')
const { runQuietly } = require('./run.js')

/**
 * Installs what `package-lock.json` names where `node_modules` holds something else.
 * @param {string} [folder] of the package.json
 */
async function ensurePackages(folder = ROOT) {
  if (packagesAreFresh(folder)) return
  const locked = fs.existsSync(path.join(folder, 'package-lock.json'))
  const name = path.relative(ROOT, folder)
  const title = name ? `Installing the packages of ${name}/` : 'Installing packages'
  await step(title, () =>
    runQuietly(title, [...npm(), locked ? 'ci' : 'install', '--no-audit', '--no-fund', '--loglevel=error'], {
      log: `npm${name && `-${name}`}.log`,
      cwd: folder,
      shell: npm()[0] === 'npm' && process.platform === 'win32',
      advise: adviseOn,
    }),
  )
}

/**
 * Compares the lock file with the record that npm leaves in node_modules. By content, not by time: a branch that was switched forth
 * and back costs nothing.
 */
function packagesAreFresh(folder) {
  const installed = tryReadJson(path.join(folder, 'node_modules', '.package-lock.json'))?.packages
  if (!installed) return false
  const wanted = tryReadJson(path.join(folder, 'package-lock.json'))?.packages
  if (!wanted) return true
  return Object.entries(wanted).every(([name, { version, optional, peer }]) => {
    if (name === '') return true
    const present = installed[name]
    // npm leaves out what does not fit this platform.
    return present ? present.version === version : Boolean(optional || peer)
  })
}

/** How to call the npm that runs us, else the one on PATH. */
function npm() {
  const cli = process.env.npm_execpath
  return cli && path.basename(cli) === 'npm-cli.js' ? [process.execPath, cli] : ['npm']
}

module.exports = { ensurePackages, packagesAreFresh }
