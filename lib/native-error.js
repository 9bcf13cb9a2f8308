'use strict'

/** The platforms that releases are built for; the folders of `npm/`. */
const PREBUILT = [
  'darwin-arm64',
  'darwin-x64',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'linux-x64-gnu',
  'linux-x64-musl',
  'win32-x64-msvc',
]

const FROM_SOURCE = 'build it from source: clone the repository, install Rust, and run npm run build'

const REINSTALL = [
  'install again, without --no-optional or --omit=optional: the binary is an optional dependency;',
  'a package-lock.json made on another platform can leave it out (npm/cli#4828, npm before 11.3): delete node_modules and ' +
    'package-lock.json, then install again;',
  'a node_modules folder copied from another machine or image holds the binary of that one: install where the program runs;',
  'in a clone of the repository: npm run build.',
]

/** The name that napi-rs gives this platform, such as `linux-x64-gnu`. */
function platformTriple() {
  const { platform, arch } = process
  if (platform === 'linux') return `linux-${arch}-${isMusl() ? 'musl' : 'gnu'}`
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`
}

/** Node reports the glibc it runs on; where there is none it runs on musl. */
function isMusl() {
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport())
  return header.glibcVersionRuntime === undefined
}

/**
 * What to throw when the native binary could not be loaded.
 * @param {unknown} cause what the generated loader threw
 * @param {string} [triple]
 * @returns {Error & { code: 'ERR_NATIVE_BINDING', triple: string }}
 */
function bindingError(cause, triple = platformTriple()) {
  const error = new Error(explain(triple, refusal(cause)), { cause })
  return Object.assign(error, { code: /** @type {const} */ ('ERR_NATIVE_BINDING'), triple })
}

/**
 * @param {string} triple
 * @param {string | undefined} refused why a binary that is there could not be loaded
 */
function explain(triple, refused) {
  const head = `Redwright's native binary for this platform, ${triple}, could not be loaded`
  if (refused !== undefined) {
    return `${head}: ${refused}\nIt is there, but does not fit this system (too old a C library, or a broken file). Install again, or ${FROM_SOURCE}.`
  }
  if (!PREBUILT.includes(triple)) {
    return `${head}: there is none. Releases are built for ${PREBUILT.join(', ')}. For any other, ${FROM_SOURCE}.`
  }
  return `${head}: the package redwright-${triple} is not installed. What helps:\n${REINSTALL.map((hint) => `  - ${hint}`).join('\n')}`
}

/**
 * The generated loader chains the failures of all the places where it looked; one that is not "no such module" tells of a
 * binary that was found.
 * @param {unknown} error
 * @returns {string | undefined}
 */
function refusal(error) {
  const seen = new Set()
  // Its first error is only the headline.
  for (let at = causeOf(error); at instanceof Error && !seen.has(at); at = causeOf(at)) {
    seen.add(at)
    const [line] = at.message.split('\n')
    if (!/^Cannot find module|^Unsupported (OS|architecture)/.test(line)) return line
  }
  return undefined
}

/** @param {unknown} error */
function causeOf(error) {
  return error instanceof Error ? error.cause : undefined
}

module.exports = { bindingError, platformTriple, PREBUILT }
