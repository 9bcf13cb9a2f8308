'use strict'

const fs = require('node:fs')
const path = require('node:path')

/**
 * Where a program of this name is on PATH.
 * @param {string} name
 * @returns {string | undefined}
 */
function which(name) {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file))
}

/** Whether a program of this name is on PATH. */
function onPath(name) {
  return which(name) !== undefined
}

module.exports = { onPath, which }
