'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { canInstall, installByApt } = require('./apt.js')
const { Failure } = require('./failure.js')
const { onPath, which } = require('./which.js')

const VARIABLE = 'REDWRIGHT_BROWSER'
/** The last one is on Ubuntu a script that asks for a snap. */
const NAMES = ['chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser']
/** Where macOS has what is on no PATH. */
const APPS = ['Chromium', 'Google Chrome'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`)

/**
 * Makes sure of a Chromium for the tests that drive one: `REDWRIGHT_BROWSER`, one on PATH, or Debian's package where we may install it.
 * @param {{ canInstall: () => boolean, installByApt: (names: string[]) => Promise<void> }} [apt]
 * @throws Failure with the command for this platform
 */
async function ensureBrowser(apt = { canInstall, installByApt }) {
  if (findBrowser() !== undefined) return
  if (apt.canInstall()) await apt.installByApt(['chromium'])
  if (findBrowser() !== undefined) return
  throw new Failure('The tests of the demo need Chromium or Chrome, and there is none on this machine.', {
    advice: `${howToInstall()}\nIt is started without a window. One that is elsewhere can be named by ${VARIABLE}=/path/to/chromium. Tests that need none: npm test -- cache`,
  })
}

/**
 * The program of a browser that speaks Chromium's protocol, as a path.
 * @returns {string | undefined}
 * @throws Failure where the one that was named is not there
 */
function findBrowser() {
  const named = process.env[VARIABLE]
  if (!named) return NAMES.map(which).find((file) => file !== undefined) ?? APPS.find((file) => fs.existsSync(file))
  const file = fs.existsSync(named) ? path.resolve(named) : which(named)
  if (file !== undefined) return file
  throw new Failure(`${VARIABLE} names a browser that is not there.`, { advice: `correct ${VARIABLE}, or unset it to use the browser on PATH.` })
}

const COMMANDS = [
  ['brew', 'brew install --cask chromium'],
  ['apt-get', 'sudo apt-get update && sudo apt-get install -y --no-install-recommends chromium'],
  ['dnf', 'sudo dnf install -y chromium'],
  ['apk', 'sudo apk add chromium'],
  ['pacman', 'sudo pacman -S chromium'],
  ['zypper', 'sudo zypper install chromium'],
]

function howToInstall() {
  if (process.platform === 'win32') return 'run the tests inside WSL, where: sudo apt-get install -y chromium'
  const known = COMMANDS.find(([tool]) => onPath(tool))
  return known ? known[1] : "install your system's package chromium."
}

module.exports = { ensureBrowser, findBrowser }
