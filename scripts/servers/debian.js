'use strict'

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { adviseOn } = require('../setup/advice.js')
const { Failure } = require('../setup/failure.js')
const { runQuietly } = require('../setup/run.js')
const { onPath } = require('../setup/which.js')
const { emptyFolder, filesBelow, programOf } = require('./files.js')

const NEEDED = ['apt-get', 'dpkg-deb']

/**
 * Takes the server out of a package of another release of Debian, with all the libraries of that release, and runs it through its own
 * loader. Lists, packages and files lie in our folder: apt and dpkg of the system learn nothing of it.
 * @param {{ name: string, release: string, base?: string, tools: string }} server `base`: the release that this one adds to
 * @param {(detail: string) => void} onLine
 */
async function getDebian({ name, release, base = release, tools }, onLine) {
  if (!NEEDED.every(onPath)) throw new Failure(`${name} comes as a Debian package, and this is no Debian.`)
  const folder = emptyFolder(name)
  const run = (what, command) => runQuietly(what, command, { log: `get-${name}.log`, onLine, advise: adviseOn })
  const apt = privateApt(folder, [...new Set([base, release])])
  await run(`Reading the packages of ${release}`, [...apt, 'update'])
  // As if nothing were installed, so that the libraries come too.
  await run(`Fetching ${tools}-tools of ${release}`, [...apt, '--yes', '--download-only', '--no-install-recommends', 'install', `${tools}-tools`])
  const root = path.join(folder, 'root')
  for (const file of filesBelow(path.join(folder, 'archives')).filter((file) => file.endsWith('.deb'))) {
    await run(`Unpacking ${file}`, ['dpkg-deb', '--extract', path.join(folder, 'archives', file), root])
  }
  writeStarter(name, root, tools)
  for (const part of ['archives', 'lists', 'cache']) fs.rmSync(path.join(folder, part), { recursive: true, force: true })
}

/** apt with everything in a folder of its own. */
function privateApt(folder, releases) {
  const at = (name) => path.join(folder, name)
  for (const part of ['archives/partial', 'lists/partial', 'cache']) fs.mkdirSync(at(part), { recursive: true })
  fs.writeFileSync(at('status'), '')
  fs.writeFileSync(at('sources.list'), releases.map((release) => `deb ${mirror()} ${release} main\n`).join(''))
  const settings = {
    'Dir::Etc::sourcelist': at('sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State::status': at('status'),
    'Dir::State::lists': at('lists'),
    'Dir::Cache': at('cache'),
    'Dir::Cache::archives': at('archives'),
    'APT::Sandbox::User': 'root',
    'Debug::NoLocking': 'true',
  }
  return ['apt-get', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])]
}

/** The mirror of Debian that this machine uses. */
function mirror() {
  const format = ['--format', '$(REPO_URI) $(ORIGIN) $(LABEL)', 'Created-By: Packages', 'Component: main']
  const lines = execFileSync('apt-get', ['indextargets', ...format], { encoding: 'utf8' }).split('\n')
  const [uri] = lines.map((line) => line.split(' ')).find(([, origin, label]) => origin === 'Debian' && label === 'Debian') ?? []
  if (uri === undefined) throw new Failure('apt knows no mirror of Debian here.', { advice: 'run apt-get update, on Debian.' })
  return uri
}

/** A script that runs the server with the libraries it was built for. */
function writeStarter(name, root, tools) {
  const files = filesBelow(root)
  const find = (pattern) => files.find((file) => pattern.test(file))
  // The server looks at the name it was called by.
  const program = find(new RegExp(`^usr/bin/${tools}-check-rdb$`))
  const loader = find(/^(usr\/)?lib(64)?\/ld-linux[^/]*\.so\.\d$/) ?? find(/\/ld-linux[^/]*\.so\.\d$/)
  const libraries = [...new Set(files.filter((file) => /\.so(\.|$)/.test(file)).map((file) => path.dirname(file)))].filter((folder) => /^(usr\/)?lib(64)?(\/[^/]+-linux-gnu[^/]*)?$/.test(folder))
  if (program === undefined || loader === undefined) throw new Failure(`The packages of ${name} hold no server for this machine.`)
  const at = (file) => `'${path.join(root, file)}'`
  const command = [at(loader), '--library-path', libraries.map(at).join(':'), '--argv0', `${tools}-server`, at(program)]
  fs.writeFileSync(programOf(name), `#!/bin/sh\nexec ${command.join(' ')} "$@"\n`, { mode: 0o755 })
}

module.exports = { getDebian }
