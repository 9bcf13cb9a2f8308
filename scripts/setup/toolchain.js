'use strict'

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { Failure } = require('./failure.js')
const { ROOT } = require('./paths.js')

/**
 * Makes sure of a cargo that can build the crate; one that rustup installed and this shell does not know yet is put on PATH.
 * @throws Failure with the command to run
 */
function ensureCargo() {
  let version = cargoVersion()
  if (version === undefined) {
    process.env.PATH = `${path.join(os.homedir(), '.cargo', 'bin')}${path.delimiter}${process.env.PATH}`
    version = cargoVersion()
  }
  if (version === undefined) {
    throw new Failure('The native core is written in Rust, and there is no cargo on this machine.', { advice: howToInstall() })
  }
  const needed = neededVersion()
  if (compareVersions(version, needed) < 0) {
    throw new Failure(`The native core needs Rust ${needed} or newer, and this is ${version}.`, {
      advice: 'rustup update stable, then run the same command again.',
    })
  }
}

/** @returns {string | undefined} such as '1.95.0' */
function cargoVersion() {
  const { status, stdout } = spawnSync('cargo', ['--version'], { encoding: 'utf8' })
  return status === 0 ? /\d+\.\d+\.\d+/.exec(stdout)?.[0] : undefined
}

function neededVersion() {
  return /^rust-version = "([^"]+)"/m.exec(fs.readFileSync(path.join(ROOT, 'Cargo.toml'), 'utf8'))?.[1] ?? '1'
}

/** Below 0 where `a` is older. */
function compareVersions(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  const at = right.findIndex((part, index) => part !== (left[index] ?? 0))
  return at === -1 ? 0 : (left[at] ?? 0) - right[at]
}

function howToInstall() {
  const by = {
    darwin: 'brew install rustup && rustup default stable',
    win32: 'winget install Rustlang.Rustup',
  }
  return `install Rust (${by[process.platform] ?? "by your distribution's package rustup, then: rustup default stable"}), open a new shell, then run the same command again.`
}

module.exports = { ensureCargo, compareVersions }
