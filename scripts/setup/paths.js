'use strict'

const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.resolve(__dirname, '../..')
/** Logs and stamps of the set-up; inside `target/`, so that git and npm ignore them and `cargo clean` removes them. */
const WORK = path.join(ROOT, 'target', 'redwright')

/** A path as a person in this folder would write it. */
function shown(file) {
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith('..') ? file : relative
}

/** The script behind a command of an installed package, to be run by `node`: no shell, so the same on every platform. */
function binOf(name, command = path.basename(name)) {
  const folder = path.join(ROOT, 'node_modules', name)
  const { bin } = readJson(path.join(folder, 'package.json'))
  return path.join(folder, typeof bin === 'string' ? bin : bin[command])
}

function readJson(file) {
  return JSON.parse(fs.readFileSync(file, 'utf8'))
}

/** The parsed file, or `undefined` where it is missing or broken. */
function tryReadJson(file) {
  try {
    return readJson(file)
  } catch {
    return undefined
  }
}

module.exports = { ROOT, WORK, shown, binOf, readJson, tryReadJson }
