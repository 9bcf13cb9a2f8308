'use strict'

const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { adviseOn } = require('./advice.js')
const { Failure } = require('./failure.js')
const { ROOT, WORK, binOf, readJson, tryReadJson } = require('./paths.js')
const { step } = require('./progress.js')
const { runQuietly } = require('./run.js')
const { ensureCargo } = require('./toolchain.js')

const STAMP = path.join(WORK, 'addon.json')
const SOURCES = ['Cargo.toml', 'Cargo.lock', 'build.rs', 'src']
/** The cargo profiles whose speed is that of a release. */
const OPTIMISED = ['local', 'release']

/**
 * Builds the addon where its sources have changed since it was built.
 * @param {{ optimised?: boolean }} [options] `optimised`: a debug build does not do, as for benchmarks
 */
async function ensureAddon({ optimised = false } = {}) {
  if (isFresh(optimised)) return
  const first = !fs.existsSync(path.join(ROOT, 'binding.js'))
  await buildAddon({ profile: 'local', title: first ? 'Building the native core (once, about two minutes)' : 'Building the native core' })
}

/**
 * @param {{ profile: string, title?: string, args?: string[] }} options `args` go to `napi build` as they are
 */
async function buildAddon({ profile, title = 'Building the native core', args = [] }) {
  ensureCargo()
  const sources = hashSources()
  const napi = [process.execPath, binOf('@napi-rs/cli', 'napi'), 'build', '--platform', '--js', 'binding.js', '--dts', 'binding.d.ts']
  await step(title, (detail) =>
    runQuietly(title, [...napi, '--profile', profile, ...args], { log: 'build.log', onLine: detail, advise: adviseOn }),
  )
  const binary = newestBinary()
  if (!binary) throw new Failure('The build ended well and left no redwright.*.node in this folder.', { log: path.join(WORK, 'build.log') })
  fs.writeFileSync(STAMP, JSON.stringify({ sources, profile, binary }))
}

function isFresh(optimised) {
  const binary = newestBinary()
  if (!binary || !fs.existsSync(path.join(ROOT, 'binding.js')) || !fs.existsSync(path.join(ROOT, 'binding.d.ts'))) return false
  const stamp = tryReadJson(STAMP)
  if (stamp && stamp.binary.name === binary.name && stamp.binary.mtimeMs === binary.mtimeMs) {
    return stamp.sources === hashSources() && (!optimised || OPTIMISED.includes(stamp.profile))
  }
  // Built by hand, or fetched: nothing is known but its time.
  return !optimised && sourceFiles().every((file) => fs.statSync(file).mtimeMs <= binary.mtimeMs)
}

/** The addon that this folder would load, and when it was written. */
function newestBinary() {
  const [newest] = fs
    .readdirSync(ROOT)
    .filter((name) => name.startsWith('redwright.') && name.endsWith('.node'))
    .map((name) => ({ name, mtimeMs: fs.statSync(path.join(ROOT, name)).mtimeMs }))
    .sort((a, b) => b.mtimeMs - a.mtimeMs)
  return newest
}

/** One hash over all that goes into the addon; the `napi` part of package.json names its targets. */
function hashSources() {
  const hash = createHash('sha256')
  const { version, napi } = readJson(path.join(ROOT, 'package.json'))
  hash.update(JSON.stringify({ version, napi, platform: process.platform, arch: process.arch }))
  for (const file of sourceFiles()) hash.update(`\0${path.relative(ROOT, file)}\0`).update(fs.readFileSync(file))
  return hash.digest('hex')
}

/** @returns {string[]} absolute paths, in a stable order */
function sourceFiles() {
  return SOURCES.flatMap((name) => filesUnder(path.join(ROOT, name)))
}

function filesUnder(file) {
  if (!fs.existsSync(file)) return []
  if (!fs.statSync(file).isDirectory()) return [file]
  return fs
    .readdirSync(file)
    .sort()
    .flatMap((name) => filesUnder(path.join(file, name)))
}

module.exports = { ensureAddon, buildAddon }
