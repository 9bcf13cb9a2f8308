'use strict'

const fs = require('node:fs')
const path = require('node:path')

/** Whether a program of this name is on PATH. */
function onPath(name) {
  return (process.env.PATH ?? '').split(path.delimiter).some((folder) => folder && fs.existsSync(path.join(folder, name)))
}

module.exports = { onPath }
