'use strict'

/** What the usual failures of npm, cargo and apt look like in their output, and what helps. */
const KNOWN = [
  [/No space left on device|ENOSPC/, 'free some disk space; the build needs about 1 GB in target/.'],
  [/linker `[^`]+` not found/, 'install a C linker (Debian and Ubuntu: apt-get install -y gcc libc6-dev; macOS: xcode-select --install).'],
  [/requires rustc|rustc [\d.]+ is not supported/, 'update Rust: rustup update stable.'],
  [/ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|Could not resolve|failed to download|Temporary failure resolving/, 'check the connection to the package registry (or its proxy settings), then run the same command again.'],
  [/EUSAGE|in sync/, 'package.json and package-lock.json disagree; run npm install and commit the lock file.'],
  [/EACCES|Permission denied/, 'this folder holds files of another user; give them back to you, then run the same command again.'],
  [/SIGKILL|signal: 9/, 'the machine may be out of memory; close something, or set CARGO_BUILD_JOBS=1.'],
  [/error(\[E\d+\])?:/, 'correct the error above, then run the same command again.'],
]

/** @param {string} output */
function adviseOn(output) {
  const known = KNOWN.find(([pattern]) => pattern.test(output))
  return known && known[1]
}

module.exports = { adviseOn }
