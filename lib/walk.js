'use strict'

// A walk over the keys of one namespace on one server, for who wants the keys themselves; `clear` walks in Rust, over a cluster too.

const { space, escapeGlob } = require('./key-space')

/** The `COUNT` of each `SCAN`, as in Rust. */
const COUNT = 1000

/**
 * The ids under `prefix:namespace:`, a list for each round trip. What is written meanwhile may be missed, and an id may come twice.
 * @param {import('../index').Redis} redis
 * @param {string} prefix
 * @param {string} namespace
 * @returns {AsyncGenerator<string[], void>}
 */
async function* walk(redis, prefix, namespace) {
  const start = space(prefix, namespace)
  const glob = `${escapeGlob(start)}*`
  let cursor = '0'
  do {
    /** @type {[unknown, unknown[]]} */
    const [next, keys] = await redis.command('SCAN', cursor, 'MATCH', glob, 'COUNT', COUNT)
    // A key that is no text is none of ours.
    yield keys.flatMap((key) => (typeof key === 'string' ? [key.slice(start.length)] : []))
    cursor = String(next)
  } while (cursor !== '0')
}

module.exports = { walk }
