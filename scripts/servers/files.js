'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { WORK } = require('../setup/paths.js')

/** Where servers are kept that were asked for by `--get`. */
const SERVERS = path.join(WORK, 'servers')

/** The program of a kept server, whether it is there or not. */
function programOf(name) {
  return path.join(SERVERS, name, 'server')
}

/** An empty folder of this name below the kept servers, for what is fetched. */
function emptyFolder(name) {
  const folder = path.join(SERVERS, name)
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
  return folder
}

/** All files below a folder, as paths from there, with `/` between. */
function filesBelow(folder) {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)).split(path.sep).join('/'))
    .sort()
}

module.exports = { programOf, emptyFolder, filesBelow }
